#pragma once
// Documents for tests, written as Extended JSON and built by libbson, and random ones.
#include <bson/bson.h>

#include <random>
#include <stdexcept>
#include <string>

#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb {

inline Bytes bson_of(const std::string& json) {
  bson_error_t error;
  bson_t* document = bson_new_from_json(reinterpret_cast<const std::uint8_t*>(json.data()),
                                        static_cast<ssize_t>(json.size()), &error);
  if (document == nullptr) throw std::runtime_error(json + ": " + error.message);
  Bytes bytes = to_bytes(ByteView(bson_get_data(document), document->len));
  bson_destroy(document);
  return bytes;
}

// For messages of tests: relaxed Extended JSON.
inline std::string json_of(ByteView document) {
  bson_t view;
  if (!bson_init_static(&view, document.data(), document.size())) return "not BSON";
  char* text = bson_as_relaxed_extended_json(&view, nullptr);
  std::string json = text == nullptr ? "not JSON" : text;
  bson_free(text);
  return json;
}

class RandomDocuments {
 public:
  explicit RandomDocuments(std::uint32_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t count) { return static_cast<std::uint32_t>(random_() % count); }

  Bytes next(int depth = 3) {
    DocumentBuilder builder;
    const auto fields = below(6);
    for (std::uint32_t i = 0; i < fields; ++i) add_field(builder, depth);
    return builder.take();
  }

 private:
  void add_field(DocumentBuilder& builder, int depth) {
    const std::string key(1, static_cast<char>('a' + below(6)));
    switch (below(depth > 0 ? 10 : 7)) {
      case 0:
        builder.int32(key, static_cast<std::int32_t>(random_()));
        break;
      case 1:
        builder.int64(key, static_cast<std::int64_t>(random_()) << below(33));
        break;
      case 2:
        builder.number(key, static_cast<double>(random_()) / 7);
        break;
      case 3:
        builder.text(key, std::string(below(40), 'x'));
        break;
      case 4:
        builder.boolean(key, below(2) == 1);
        break;
      case 5:
        builder.null(key);
        break;
      case 6:
        builder.binary(key, to_bytes(std::string(below(300), '\1')));
        break;
      case 7:
        builder.array(key, array(depth - 1));
        break;
      default:
        builder.document(key, next(depth - 1));
    }
  }

  Bytes array(int depth) {
    ArrayBuilder builder;
    const auto count = below(4);
    for (std::uint32_t i = 0; i < count; ++i) builder.document(next(depth));
    return builder.take();
  }

  std::mt19937 random_;
};

}  // namespace lifeboat::engine::mongodb
