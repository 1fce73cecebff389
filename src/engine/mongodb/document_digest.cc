#include "engine/mongodb/document_digest.h"

#include <algorithm>

namespace lifeboat::engine::mongodb {

void DocumentSum::add(const DocumentSum& other) {
  count += other.count;
  bytes += other.bytes;
  digest.add(other.digest);
}

void DocumentSum::subtract(const DocumentSum& other) {
  count -= other.count;
  bytes -= other.bytes;
  digest.subtract(other.digest);
}

DocumentDigest::DocumentDigest(NaturalOrder order) {
  if (order == NaturalOrder::hashed) natural_.emplace();
}

void DocumentDigest::add(ByteView document) {
  ++sum_.count;
  sum_.bytes += document.size();
  sum_.digest.add(crypto::sha256(document));
  if (natural_) natural_->update(document);
}

std::optional<crypto::Digest> DocumentDigest::finish_natural() {
  if (!natural_) return std::nullopt;
  return natural_->finish();
}

DocumentSum sum_of(ByteView document) {
  DocumentDigest digest;
  digest.add(document);
  return digest.sum();
}

std::vector<Element> fields_by_name(DocumentView document) {
  std::vector<Element> fields;
  for (const auto& each : document) fields.push_back(each);
  std::ranges::stable_sort(fields, {}, &Element::key);
  return fields;
}

Bytes sorted_by_field(DocumentView document) {
  DocumentBuilder builder;
  for (const auto& each : fields_by_name(document)) builder.element(each);
  return builder.take();
}

}  // namespace lifeboat::engine::mongodb
