#pragma once
// How bubblewrap is called: what a cell sees of this machine. Stateless.
#include <string>
#include <vector>

#include "sandbox/cell.h"

namespace lifeboat::sandbox {

// Where bubblewrap writes which process it started.
inline constexpr int kInformation = 3;

// The minimal /etc of a cell, written beside its data; returns its directory.
Result<fs::path> make_system_files(const CellSpec& spec);
// Where a host that may be reached is met inside: an address of the inside's loopback.
std::string address_inside(const std::vector<Destination>& ways_out, const std::string& host);
Sight sight_of(const CellSpec& spec);
std::vector<std::string> arguments_of(const CellSpec& spec, const fs::path& etc);

}  // namespace lifeboat::sandbox
