#include "exchange/archive_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/mongodb/catalog.h"

namespace lifeboat::exchange {
namespace {

using engine::mongodb::DocumentView;
using engine::mongodb::kMaxDocument;
using engine::mongodb::kMinDocument;

constexpr std::uint32_t kTerminator = 0xffffffff;
constexpr std::size_t kUnitStart = 4;  // a length, the magic number or a terminator
constexpr std::size_t kMostCollections = 100'000;
constexpr std::size_t kMostMetadata = 64U << 20U;

std::uint32_t first_number(ByteView bytes) { return ByteReader(bytes).u32().value_or(0); }

std::string text_or_empty(DocumentView document, std::string_view key) {
  return std::string(document.text_at(key).value_or(""));
}

ArchiveCollection collection_from(DocumentView document) {
  return {text_or_empty(document, "db"), text_or_empty(document, "collection"),
          text_or_empty(document, "type"), text_or_empty(document, "metadata")};
}

std::string stored_under(const ArchiveCollection& about) {
  return about.database + "." + about.stored_name();
}

}  // namespace

std::string ArchiveCollection::stored_name() const {
  return is_series() ? std::string(engine::mongodb::kBucketsPrefix) + collection : collection;
}

Failure refuse_without_buckets(const ArchiveCollection& series) {
  return fail(Error(Code::refused, series.name() +
                                       " is a time series without buckets of its own (" +
                                       series.stored_name() +
                                       "), as MongoDB keeps it since 8.3, and this form is not "
                                       "known here")
                  .with_hint("Nothing was changed. mongorestore restores it."));
}

Result<void> MetadataBound::add(std::size_t bytes) {
  bytes_ += bytes;
  if (bytes_ <= kMostMetadata) return {};
  return fail(Code::refused, "the metadata of the dump's collections is larger than 64 MiB");
}

Result<void> ArchiveReader::feed(ByteView chunk, ArchiveVisitor& visitor) {
  const auto take = [&](std::size_t until) {
    const auto count = std::min(until - std::min(until, begun_.size()), chunk.size());
    append(begun_, chunk.first(count));
    chunk = chunk.subspan(count);
    return begun_.size() >= until;
  };
  while (!chunk.empty()) {
    if (!take(kUnitStart)) return {};
    const auto size = TRY(size_of(begun_));
    if (!take(size)) return {};
    TRY(pass(begun_, visitor));
    position_ += begun_.size();
    begun_.clear();
  }
  return {};
}

Result<void> ArchiveReader::finish() const {
  if (!begun_.empty() || part_ != Part::header) return wrong("the archive ends in the middle");
  std::string missing;
  for (const auto& [name, progress] : collections_)
    if (!is_complete(progress.about)) missing += " " + stored_under(progress.about);
  if (!missing.empty()) return wrong("the archive ends before these are complete:" + missing);
  return {};
}

bool ArchiveReader::is_complete(const ArchiveCollection& about) const {
  if (about.type == "view") return true;
  const auto found = collections_.find(stored_under(about));
  return found != collections_.end() && found->second.complete;
}

Result<std::size_t> ArchiveReader::size_of(ByteView start) const {
  const auto number = first_number(start);
  if (part_ == Part::magic || number == kTerminator) return kUnitStart;
  if (number < kMinDocument || number > kMaxDocument)
    return wrong(fmt::format("a document claims {} bytes", number));
  return number;
}

Result<void> ArchiveReader::pass(ByteView unit, ArchiveVisitor& visitor) {
  if (part_ == Part::magic) {
    if (first_number(unit) != kArchiveMagic)
      return fail(Code::unsupported_format, "this is no archive of mongodump");
    part_ = Part::head;
    return {};
  }
  if (unit.size() == kUnitStart) return end_part();
  const auto document =
      TRY_CONTEXT(fmt::format("the archive at byte {}", position_), DocumentView::check(unit));
  switch (part_) {
    case Part::head:
      return take_head(document, visitor);
    case Part::prelude:
      return take_collection(document, visitor);
    case Part::header:
      return take_header(document, visitor);
    default:
      return take_document(document, visitor);
  }
}

Result<void> ArchiveReader::end_part() {
  if (part_ != Part::prelude && part_ != Part::body) return wrong("a part ends that has not begun");
  part_ = Part::header;
  current_ = nullptr;
  return {};
}

Result<void> ArchiveReader::take_head(DocumentView document, ArchiveVisitor& visitor) {
  const ArchiveHead head{text_or_empty(document, "version"),
                         text_or_empty(document, "server_version"),
                         text_or_empty(document, "tool_version")};
  if (head.format_version != "0.1")
    return fail(Code::unsupported_format,
                fmt::format("an archive of mongodump of version \"{}\"", head.format_version));
  part_ = Part::prelude;
  return visitor.head(head);
}

// The metadata was the visitor's to keep.
ArchiveReader::Progress ArchiveReader::begun(const ArchiveCollection& about) {
  return {{about.database, about.collection, about.type, {}}, {}, 0, false};
}

Result<void> ArchiveReader::take_collection(DocumentView document, ArchiveVisitor& visitor) {
  const auto about = collection_from(document);
  if (about.collection.empty()) return wrong("a collection without a name");
  if (collections_.size() == kMostCollections) return wrong("too many collections");
  TRY(metadata_.add(about.metadata.size()));
  if (!collections_.emplace(about.name(), begun(about)).second)
    return wrong(about.name() + " is named twice");
  return visitor.collection(about);
}

// {db, collection, EOF, CRC}: before each segment, and at the end of a collection instead of one.
Result<void> ArchiveReader::take_header(DocumentView document, ArchiveVisitor& visitor) {
  const auto about = collection_from(document);
  if (about.collection.empty()) return wrong("a segment of no collection");
  if (!collections_.contains(about.name()) && collections_.size() == kMostCollections)
    return wrong("too many collections");
  auto& progress = collections_.emplace(about.name(), begun(about)).first->second;
  if (progress.complete) return wrong(about.name() + " goes on after its end");
  if (progress.about.is_series()) return refuse_without_buckets(progress.about);
  part_ = Part::body;
  current_ = &progress;
  if (!document.is_true_at("EOF")) return {};
  const auto crc = document.find("CRC");
  if (!crc || static_cast<std::uint64_t>(crc->integer().value_or(0)) != progress.crc.value())
    return wrong(fmt::format("the checksum of the {} documents of {} is not that of the archive",
                             progress.documents, about.name()));
  progress.complete = true;
  return visitor.complete(progress.about, progress.documents);
}

Result<void> ArchiveReader::take_document(DocumentView document, ArchiveVisitor& visitor) {
  if (current_ == nullptr || current_->complete) return wrong("a document after the last one");
  current_->crc.update(document.bytes());
  ++current_->documents;
  return visitor.document(current_->about, document);
}

Failure ArchiveReader::wrong(const std::string& what) const {
  return fail(Code::corrupt, fmt::format("the archive at byte {}: {}", position_, what));
}

}  // namespace lifeboat::exchange
