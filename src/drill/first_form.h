#pragma once
// Records as they were signed before they became DSSE envelopes: read for ever, never written.
// Pure.
#include "drill/evidence.h"

namespace lifeboat::drill {

// Of {"evidence": …, "signature": {"certificate", "root_public", "value"}}.
Believed<SignedRecord> verify_first_form(const Json& sealed,
                                         const std::optional<crypto::VerifyKey>& expected);

}  // namespace lifeboat::drill
