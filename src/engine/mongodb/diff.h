#pragma once
// The differences that servers since 5.0 log for an update ({$v: 2, diff: …}), applied to a
// document as the server does it (document_diff_applier.cpp). Pure functions.
#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb {

// What an insert in a difference does to a field that is there.
enum class PresentField : std::uint8_t {
  moved,  // it goes to the end with its new value
  kept,   // it stays as it is (checkExistenceForDiffInsert)
};

// A replay may meet a document that is newer than the difference; then a later entry overwrites
// what is wrong in between, and a part of another type becomes null. `corrupt` for what is no
// difference and for a result larger than a document, `unsupported_format` for binary parts of
// arrays.
Result<Bytes> apply_diff(DocumentView document, DocumentView diff, PresentField present);

}  // namespace lifeboat::engine::mongodb
