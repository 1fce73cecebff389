#pragma once
// What an archive of mongodump looks like from outside, to be compared with recorded ones. For
// tests.
#include <map>
#include <set>

#include "base/file.h"
#include "engine/mongodb/extended_json.h"

namespace lifeboat::exchange::mongodump::testing {

using engine::mongodb::DocumentView;

// What an archive is made of, beside the documents themselves.
struct Anatomy {
  std::string head;                          // names and types of its fields
  std::set<std::string> preludes;            // the same
  std::set<std::string> headers;             // the same
  std::map<std::string, std::int64_t> crcs;  // of each collection
  std::map<std::string, Bytes> metadata;     // of each collection, without uuid
  std::size_t ends = 0;
};

inline std::string fields_of(DocumentView document) {
  std::string text;
  for (const auto& each : document)
    text += std::string(each.key) + ":" + std::to_string(static_cast<int>(each.type)) + " ";
  return text;
}

inline Bytes without_uuid(std::string_view json) {
  const auto metadata = engine::mongodb::from_extended_json(json).value();
  engine::mongodb::DocumentBuilder rest;
  for (const auto& each : engine::mongodb::view_document(metadata))
    if (each.key != "uuid") rest.element(each);
  return rest.take();
}

inline Anatomy anatomy_of(const fs::path& file) {
  Anatomy found;
  const auto bytes = read_file(file).value();
  bool is_header = false;
  for (std::size_t at = 4; at < bytes.size();) {
    const auto size = ByteReader(ByteView(bytes).subspan(at, 4)).u32().value();
    if (size == 0xffffffff) {
      ++found.ends;
      at += 4;
      is_header = true;
      continue;
    }
    const auto document = DocumentView::check(ByteView(bytes).subspan(at, size)).value();
    at += size;
    const auto name = std::string(document.text_at("collection").value_or(""));
    if (found.head.empty()) {
      found.head = fields_of(document);
    } else if (found.ends == 0) {
      found.preludes.insert(fields_of(document));
      found.metadata[name] = without_uuid(*document.text_at("metadata"));
    } else if (is_header) {
      found.headers.insert(fields_of(document));
      if (document.is_true_at("EOF")) found.crcs[name] = *document.find("CRC")->integer();
    }
    is_header = false;
  }
  return found;
}

}  // namespace lifeboat::exchange::mongodump::testing
