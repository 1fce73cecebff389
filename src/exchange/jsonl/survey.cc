#include "exchange/jsonl/survey.h"

#include <fcntl.h>

#include "engine/mongodb/extended_json.h"
#include "engine/mongodb/json_reader.h"
#include "exchange/sample_hash.h"

namespace lifeboat::exchange::jsonl {
namespace {

constexpr std::size_t kPieceOfLines = 1U << 20U;

using engine::mongodb::BsonType;
using engine::mongodb::DocumentDigest;
using engine::mongodb::DocumentView;

bool holds_at(DocumentView document, std::string_view key, BsonType type) {
  const auto found = document.find(key);
  return found && found->holds(type);
}

void add_to(Survey& survey, DocumentView document) {
  const bool has_time = holds_at(document, kTimeField, BsonType::date);
  if (!document.find("_id")) ++survey.without_id;
  if (!has_time) ++survey.without_time;
  if (survey.shares.looked_at == kLookedAt) return;
  ++survey.shares.looked_at;
  if (has_time) ++survey.shares.with_time;
  if (holds_at(document, kMetaField, BsonType::document)) ++survey.shares.with_meta;
}

}  // namespace

Result<void> read_lines(const fs::path& file, const VisitLine& visit, const RunContext& context) {
  const auto descriptor = TRY(open_file(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  engine::mongodb::JsonReader reader;
  Bytes piece(kPieceOfLines);
  for (std::uint64_t at = 0;;) {
    TRY(context.check_stop());
    const auto size = TRY(read_at(descriptor.get(), at, piece));
    if (size == 0) return reader.finish();
    at += size;
    TRY(reader.feed(ByteView(piece).first(size), [&](std::string_view text) -> Result<void> {
      const auto document = TRY(engine::mongodb::read_extended_json(text));
      return visit(engine::mongodb::view_document(document.bytes), document.escaped);
    }));
    context.progress.advance(size, 0);
  }
}

Result<Survey> survey_lines(const fs::path& file, std::uint64_t sample, const RunContext& context) {
  Survey survey;
  SampleHash hash(sample);
  DocumentDigest digest;
  DocumentDigest by_keys;
  const auto visit = [&](DocumentView document, bool escaped) -> Result<void> {
    if (document.bytes().size() > engine::mongodb::kMaxDocument)
      return fail(Code::corrupt, "the document is larger than a server takes");
    add_to(survey, document);
    if (escaped) ++survey.escaped;
    digest.add(document.bytes());
    by_keys.add(sorted_by_field(document));
    return hash.add_line(document, escaped);
  };
  TRY_CONTEXT(file.filename().string(), read_lines(file, visit, context));
  survey.sum = digest.sum();
  survey.by_keys = by_keys.sum();
  survey.sample_hash = hash.finish();
  return survey;
}

}  // namespace lifeboat::exchange::jsonl
