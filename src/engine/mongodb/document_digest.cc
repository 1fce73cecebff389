#include "engine/mongodb/document_digest.h"

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

}  // namespace lifeboat::engine::mongodb
