#include "engine/mongodb/series_index.h"

#include <fmt/format.h>

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::string_view kMeta = "meta";
constexpr std::string_view kLeast = "control.min.";
constexpr std::string_view kMost = "control.max.";
constexpr std::string_view kValues = "data.";

// The metadata of a bucket is all of one field.
std::optional<std::string> meta_path(std::string_view key, DocumentView options) {
  const bool is_meta =
      key == kMeta || (key.starts_with(kMeta) && key.substr(kMeta.size()).starts_with('.'));
  const auto series = options.document_at("timeseries");
  const auto field = series ? series->text_at("metaField") : std::nullopt;
  if (!is_meta || !field) return std::nullopt;
  return std::string(*field) + std::string(key.substr(kMeta.size()));
}

// A rising key is {min, max}, a falling one {max, min}: of each, both of one field.
Result<Bytes> key_of_series(DocumentView key, DocumentView options) {
  DocumentBuilder made;
  for (auto each = key.begin(); each != key.end(); ++each) {
    if (const auto meta = meta_path(each->key, options)) {
      made.element(*meta, *each);
      continue;
    }
    if (each->key.starts_with(kValues) && each->text() == "2dsphere_bucket") {
      made.text(each->key.substr(kValues.size()), "2dsphere");
      continue;
    }
    const auto order = each->integer().value_or(0);
    const auto& first = order < 0 ? kMost : kLeast;
    const auto& second = order < 0 ? kLeast : kMost;
    const auto field = each->key.substr(std::min(first.size(), each->key.size()));
    const bool begins = order != 0 && each->key.starts_with(first) && !field.empty();
    auto next = each;
    if (!begins || ++next == key.end() || next->integer() != order ||
        next->key != std::string(second) + std::string(field))
      return fail(Code::unsupported_format,
                  fmt::format("an index of a time series by {} cannot be made", each->key));
    made.element(field, *each);
    each = next;
  }
  return made.take();
}

}  // namespace

Result<Bytes> index_of_series(DocumentView of_buckets, DocumentView options) {
  const auto original = of_buckets.document_at("originalSpec");
  DocumentBuilder made;
  for (const auto& field : original.value_or(of_buckets)) {
    if (field.key == "key" && !original && field.holds(BsonType::document))
      made.document("key", TRY(key_of_series(field.inside(), options)));
    else
      made.element(field);
  }
  return made.take();
}

}  // namespace lifeboat::engine::mongodb
