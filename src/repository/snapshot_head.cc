#include "repository/snapshot_head.h"

#include "repository/fields.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kMaxNeeds = 10'000;
constexpr std::size_t kMaxLabels = 1000;

Json summary_json(const SourceSummary& source) {
  Json json{{"name", source.name}, {"type", source.type}};
  if (source.log) json["log"] = hex_of(*source.log);
  return json;
}

Result<SourceSummary> summary_from(const Json& value) {
  SourceSummary source{TRY(short_text_at(value, "name", kMaxText)),
                       TRY(short_text_at(value, "type", kMaxText))};
  if (value.contains("log")) source.log = TRY(parse_seq(TRY(text_at(value, "log"))));
  return source;
}

Json head_json(const SnapshotHead& head) {
  const auto& info = head.info;
  auto sources = Json::array();
  for (const auto& each : info.sources) sources.push_back(summary_json(each));
  return {{"bytes", info.bytes},
          {"complete", info.complete},
          {"entries", info.entries},
          {"host", info.host},
          {"labels", Json(info.labels)},
          {"needs", info.needs},
          {"seen", to_json(head.seen)},
          {"seq", info.seq},
          {"service", info.service},
          {"sources", std::move(sources)},
          {"started", to_rfc3339(info.started)},
          {"stored", info.stored},
          {"time", to_rfc3339(info.time)},
          {"version", info.version},
          {"writer", info.writer.hex()}};
}

Result<std::vector<SourceSummary>> sources_from(const Json& value) {
  std::vector<SourceSummary> sources;
  for (const auto& each : *TRY(array_at(value, "sources", kMaxSources)))
    sources.push_back(TRY(summary_from(each)));
  return sources;
}

Result<std::map<std::string, std::string>> labels_from(const Json& value) {
  const Json& object = *TRY(object_at(value, "labels"));
  if (object.size() > kMaxLabels) return fail(Code::corrupt, "far too many labels");
  std::map<std::string, std::string> labels;
  for (const auto& [key, each] : object.items()) {
    if (!each.is_string()) return fail(Code::corrupt, "a label that is no text");
    labels[key] = each.get<std::string>();
  }
  return labels;
}

Result<std::vector<std::string>> needs_from(const Json& value) {
  auto needs = TRY(texts_at(value, "needs", kMaxNeeds));
  for (const auto& each : needs) TRY(SnapshotId::from_hex(each));
  return needs;
}

Result<void> read_texts(const Json& value, SnapshotInfo& info) {
  info.service = TRY(short_text_at(value, "service", kMaxText));
  info.host = TRY(short_text_at(value, "host", kMaxText));
  info.version = TRY(short_text_at(value, "version", kMaxText));
  info.sources = TRY(sources_from(value));
  info.labels = TRY(labels_from(value));
  info.needs = TRY(needs_from(value));
  return {};
}

Result<void> read_numbers(const Json& value, SnapshotInfo& info) {
  info.writer = TRY(id_at<WriterId>(value, "writer"));
  info.seq = TRY(count_at(value, "seq"));
  info.time = TRY(time_at(value, "time"));
  info.started = TRY(time_at(value, "started"));
  info.complete = TRY(bool_at(value, "complete"));
  info.bytes = TRY(count_at(value, "bytes"));
  info.entries = TRY(count_at(value, "entries"));
  info.stored = TRY(count_at(value, "stored"));
  return {};
}

Result<SegmentSet> segments_from(ByteReader& reader) {
  ByteReader segments(TRY(reader.sized()));
  return SegmentSet::parse(segments);
}

}  // namespace

Bytes encode_head(const SnapshotHead& head) {
  ByteWriter writer;
  writer.sized(canonical_json(head_json(head))).sized(head.used.encode()).sized(head.thin.encode());
  return writer.take();
}

Result<SnapshotHead> decode_head(ByteView plain) {
  ByteReader reader(plain);
  const auto value = TRY(parse_json(to_text(TRY(reader.sized()))));
  SnapshotHead head;
  TRY(read_texts(value, head.info));
  TRY(read_numbers(value, head.info));
  head.seen = TRY(seen_from(*TRY(member(value, "seen"))));
  head.used = TRY(segments_from(reader));
  head.thin = TRY(segments_from(reader));
  TRY(reader.expect_end());
  return head;
}

}  // namespace lifeboat::repository
