#pragma once
// The part of a cell that runs inside it: the first process of its namespaces. It starts what it
// is told to, opens connections for those outside, counts what is used, and takes everything with
// it when it ends. One thread, no state outside the call.
#include <optional>
#include <string_view>

namespace lifeboat::sandbox {

// As the program's only argument; the socket to talk through is its standard input.
inline constexpr std::string_view kAgentVerb = "--inside-sandbox";

// The exit status when the arguments say that this process is an agent; every program that opens
// cells calls it first.
std::optional<int> run_agent(int argc, char** argv);

}  // namespace lifeboat::sandbox
