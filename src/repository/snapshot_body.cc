#include "repository/snapshot_body.h"

#include "repository/chunker.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kMaxFindings = 10'000'000;
constexpr std::size_t kMaxEntryChunks = 50'000'000;

Json object_or_empty(const Json& value) { return value.is_null() ? Json::object() : value; }

Json entries_json(const SourceManifest& source) {
  auto chunks = Json::array();
  std::uint64_t size = 0;
  for (const auto& chunk : source.entry_chunks) {
    chunks.push_back({chunk.id.hex(), chunk.length});
    size += chunk.length;
  }
  return {{"chunks", std::move(chunks)}, {"count", source.entry_count}, {"size", size}};
}

Json source_json(const SourceManifest& source) {
  auto findings = Json::array();
  for (const auto& each : source.findings) findings.push_back(to_json(each));
  return {{"entries", entries_json(source)},
          {"facts", object_or_empty(source.facts)},
          {"findings", std::move(findings)},
          {"name", source.name},
          {"position", object_or_empty(source.position)},
          {"type", source.type}};
}

Result<ChunkRef> chunk_from(const Json& pair) {
  const bool shaped =
      pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_number_unsigned();
  if (!shaped) return fail(Code::corrupt, "a chunk that is no id and length");
  const auto length = pair[1].get<std::uint64_t>();
  if (length == 0 || length > kMaxChunk)
    return fail(Code::corrupt, "a chunk of an impossible length");
  return ChunkRef{TRY(ChunkId::from_hex(pair[0].get_ref<const std::string&>())),
                  static_cast<std::uint32_t>(length)};
}

Result<void> read_entries(const Json& value, SourceManifest& source) {
  source.entry_count = TRY(count_at(value, "count"));
  std::uint64_t total = 0;
  for (const auto& each : *TRY(array_at(value, "chunks", kMaxEntryChunks))) {
    source.entry_chunks.push_back(TRY(chunk_from(each)));
    total += source.entry_chunks.back().length;
  }
  if (total != TRY(count_at(value, "size")))
    return fail(Code::corrupt, "an entry stream whose chunks do not add up to its size");
  return {};
}

Result<SourceManifest> source_from(const Json& value) {
  SourceManifest source;
  source.name = TRY(short_text_at(value, "name", kMaxText));
  source.type = TRY(short_text_at(value, "type", kMaxText));
  source.facts = *TRY(object_at(value, "facts"));
  source.position = *TRY(object_at(value, "position"));
  TRY(read_entries(*TRY(object_at(value, "entries")), source));
  for (const auto& each : *TRY(array_at(value, "findings", kMaxFindings)))
    source.findings.push_back(TRY(finding_from(each)));
  return source;
}

}  // namespace

Bytes encode_body(const SnapshotBody& body) {
  auto sources = Json::array();
  for (const auto& each : body.sources) sources.push_back(source_json(each));
  return to_bytes(
      canonical_json({{"config", object_or_empty(body.config)}, {"sources", std::move(sources)}}));
}

Result<SnapshotBody> decode_body(ByteView plain) {
  const auto value = TRY(parse_json(to_text(plain)));
  SnapshotBody body;
  body.config = *TRY(object_at(value, "config"));
  for (const auto& each : *TRY(array_at(value, "sources", kMaxSources)))
    body.sources.push_back(TRY(source_from(each)));
  return body;
}

}  // namespace lifeboat::repository
