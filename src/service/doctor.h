#pragma once
// `lifeboat doctor`: everything that can be checked without changing anything, and how to mend what
// is wrong.
#include "base/run_context.h"
#include "service/setup.h"

namespace lifeboat::service {

// Never fails for what it finds: a broken configuration is an answer too, with exit 3; else 1 when
// there is an error, 0 when not. {"advice": [{"level": "ok|warning|error", "subject", "message",
// "hint"}], "errors", "warnings"}
Answer doctor(const Setup& setup, const RunContext& context);

// The least rights of each job, for each source on a server that grants them: {"grants":
// [{"source", "purpose", "commands"}]}; no source is asked anything.
Result<Answer> least_rights(const Setup& setup);

// What the program knows about its configuration file, for editors and documents.
std::string configuration_schema();
std::string configuration_reference();

}  // namespace lifeboat::service
