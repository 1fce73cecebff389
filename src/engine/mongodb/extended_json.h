#pragma once
// MongoDB Extended JSON v2, for exchange only: BSON stays the truth. Each document that is written
// is read again and compared, since the form cannot carry all that BSON can. Pure functions.
#include <string>
#include <string_view>

#include "engine/mongodb/bson.h"
#include "engine/mongodb/json_layout.h"

namespace lifeboat::engine::mongodb {

// What happens to a document that would not come back byte for byte.
enum class Lossy : std::uint8_t { refused, escaped };

struct JsonText {
  std::string text;      // without a line feed at its end
  bool escaped = false;  // it says {"$lifeboat": {"bson": "…base64…"}}, which only Lifeboat reads
};

// Canonical Extended JSON. `incomplete` names the first field that would change, where that is
// refused: text that is not UTF-8, documents that look like a type's wrapper, nesting beyond what
// the reader takes …
Result<JsonText> to_extended_json(DocumentView document, Lossy lossy,
                                  JsonLayout layout = JsonLayout::line);

// Relaxed Extended JSON on one line, for those who read it as plain JSON: what comes back may
// differ in the width of integers, and in nothing else. Canonical where more than that would.
Result<JsonText> to_plain_json(DocumentView document, Lossy lossy);

// One document of canonical, relaxed or legacy Extended JSON, or one that was escaped. `corrupt`
// says what is wrong with it.
Result<Bytes> from_extended_json(std::string_view text);
struct JsonDocument {
  Bytes bytes;
  bool escaped = false;
};
Result<JsonDocument> read_extended_json(std::string_view text);

// The same for a document that is read already: what it holds escaped, else itself.
Result<Bytes> unescaped(DocumentView document);
// What others take an escaped document for: {$lifeboat: {bson: "…base64…"}}.
Bytes escape_document(DocumentView document);

// The number of a decimal128 as text: "1.10".
std::string decimal_text(const Element& decimal);

// "a.b.0": the first field that differs, or that only one of them has; empty when they are equal.
std::string first_difference(DocumentView left, DocumentView right);

}  // namespace lifeboat::engine::mongodb
