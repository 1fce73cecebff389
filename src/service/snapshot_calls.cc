#include <unordered_map>

#include "engine/all.h"
#include "service/calls.h"
#include "service/compose.h"
#include "service/json.h"

namespace lifeboat::service {
namespace {

using repository::EntryRecord;
using repository::SnapshotReader;
using repository::SourceManifest;

struct OpenedSnapshot {
  std::unique_ptr<Composition> composition;
  Chosen chosen;
  std::unique_ptr<SnapshotReader> reader;
};

Result<OpenedSnapshot> open_chosen(const Setup& setup, const SnapshotChoice& choice,
                                   const RunContext& context) {
  OpenedSnapshot opened;
  opened.composition = TRY(compose(setup));
  opened.chosen = TRY(choose(*opened.composition, choice, context));
  opened.reader = TRY(opened.chosen.from.repository->open_snapshot(opened.chosen.info.id, context));
  return opened;
}

Answer answer_about(const OpenedSnapshot& opened) {
  Answer answer;
  answer.body = {{"repository", opened.chosen.from.name},
                 {"snapshot", to_json(opened.chosen.info)}};
  return answer;
}

std::string kind_name(EntryKind kind) {
  switch (kind) {
    case EntryKind::file:
      return "file";
    case EntryKind::directory:
      return "folder";
    case EntryKind::symlink:
      return "symlink";
    case EntryKind::hardlink:
      return "hardlink";
    case EntryKind::special:
      return "special";
    case EntryKind::database:
      return "database";
  }
  return "unknown";
}

Json entry_row(const SourceManifest& source, const EntryInfo& entry) {
  Json row{{"source", source.name},
           {"path", entry.path},
           {"kind", kind_name(entry.kind)},
           {"size", entry.size}};
  if (entry.modified_ns != 0)
    row["modified"] =
        to_rfc3339(Time(std::chrono::floor<Duration>(std::chrono::nanoseconds(entry.modified_ns))));
  const auto engine = engine::find_engine(source.type);
  if (!engine) return row;
  if (const auto text = (*engine)->describe(entry)) row["text"] = *text;
  return row;
}

bool is_at_or_below(const std::string& path, const std::string& wanted) {
  return wanted.empty() || path == wanted || path.starts_with(wanted + "/");
}

Result<restore::Selection> selection_of(const std::string& path) {
  if (path.empty()) return restore::Selection{};
  return restore::parse_selection(path);
}

Result<void> visit_source(const OpenedSnapshot& opened, const SourceManifest& source,
                          const SnapshotReader::Visitor& visit, const RunContext& context) {
  return opened.reader->entries(
      source,
      [&](EntryRecord&& entry) -> Result<void> {
        TRY(context.check_stop());
        return visit(std::move(entry));
      },
      context);
}

// The one entry with content that is meant; a database file is the only one of its source.
Result<EntryRecord> find_entry(const OpenedSnapshot& opened, const restore::Selection& wanted,
                               const RunContext& context) {
  std::optional<EntryRecord> found;
  for (const auto& source : opened.reader->sources()) {
    if (source.name != wanted.source) continue;
    TRY(visit_source(
        opened, source,
        [&](EntryRecord&& entry) -> Result<void> {
          const bool whole = wanted.object.empty() && entry.info.kind == EntryKind::database;
          if (!whole && entry.info.path != wanted.object) return {};
          if (found)
            return fail(Error(Code::usage, wanted.source + " has several parts")
                            .with_hint("Name one of them: " + wanted.source + "/" +
                                       found->info.path + ", for example."));
          found = std::move(entry);
          return {};
        },
        context));
  }
  const auto name = wanted.source + (wanted.object.empty() ? "" : "/" + wanted.object);
  if (!found)
    return fail(Error(Code::not_found, "the snapshot has no " + name)
                    .with_hint("`lifeboat snapshots ls " +
                               opened.chosen.info.id.hex().substr(0, 10) +
                               "` lists what is in "
                               "it."));
  if (found->info.kind == EntryKind::file || found->info.kind == EntryKind::database)
    return std::move(*found);
  return fail(Code::usage, name + " is a " + kind_name(found->info.kind) + ", not a file");
}

// What an entry is, for comparison: kind, size and chunks, and for those without content the
// metadata.
using Contents = std::unordered_map<std::string, std::string>;

std::string identity_of(const EntryRecord& entry) {
  ByteWriter text;
  text.u8(static_cast<std::uint8_t>(entry.info.kind));
  for (const auto& chunk : entry.chunks) text.raw(chunk.id.view());
  if (entry.chunks.empty()) text.sized(entry.info.metadata);
  return std::to_string(std::hash<std::string>()(to_text(std::move(text).take())));
}

Result<Contents> contents_of(const OpenedSnapshot& opened, const RunContext& context) {
  Contents contents;
  for (const auto& source : opened.reader->sources())
    TRY(visit_source(
        opened, source,
        [&](EntryRecord&& entry) -> Result<void> {
          if (entry.info.kind == EntryKind::directory) return {};
          const auto path = entry.info.path.empty() ? "" : "/" + entry.info.path;
          contents[source.name + path] = identity_of(entry);
          return {};
        },
        context));
  return contents;
}

Json missing_from(const Contents& contents, const Contents& other) {
  std::vector<std::string> names;
  for (const auto& [name, identity] : contents)
    if (!other.contains(name)) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

Json changed_in(const Contents& contents, const Contents& other) {
  std::vector<std::string> names;
  for (const auto& [name, identity] : contents) {
    const auto found = other.find(name);
    if (found != other.end() && found->second != identity) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<Answer> list_snapshots(const Setup& setup, const SnapshotChoice& choice,
                              const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto& service = *TRY(composition->loaded.config.find_service(choice.service));
  const auto from = TRY(composition->service.first_answering(service, choice.repository, context));
  const auto list = TRY(from.repository->snapshots(context));
  Answer answer;
  answer.body = {{"service", service.name},
                 {"repository", from.name},
                 {"snapshots", Json::array()},
                 {"findings", to_json(list.findings)}};
  for (const auto& snapshot : list.snapshots)
    if (snapshot.service == service.name || snapshot.service.starts_with(service.name + "."))
      answer.body["snapshots"].push_back(to_json(snapshot));
  return answer;
}

Result<Answer> show_snapshot(const Setup& setup, const SnapshotChoice& choice,
                             const RunContext& context) {
  const auto opened = TRY(open_chosen(setup, choice, context));
  auto answer = answer_about(opened);
  answer.body["sources"] = Json::array();
  for (const auto& source : opened.reader->sources())
    answer.body["sources"].push_back({{"name", source.name},
                                      {"type", source.type},
                                      {"entries", source.entry_count},
                                      {"position", source.position},
                                      {"facts", source.facts},
                                      {"findings", to_json(source.findings)}});
  return answer;
}

Result<Answer> list_entries(const Setup& setup, const EntryCall& call, const VisitEntry& visit,
                            const RunContext& context) {
  const auto wanted = TRY(selection_of(call.path));
  const auto opened = TRY(open_chosen(setup, call.choice, context));
  std::uint64_t count = 0;
  for (const auto& source : opened.reader->sources()) {
    if (!wanted.source.empty() && source.name != wanted.source) continue;
    TRY(visit_source(
        opened, source,
        [&](EntryRecord&& entry) -> Result<void> {
          if (!is_at_or_below(entry.info.path, wanted.object)) return {};
          ++count;
          return visit(entry_row(source, entry.info));
        },
        context));
  }
  if (count == 0 && !call.path.empty())
    return fail(Code::not_found, "the snapshot has no " + call.path);
  auto answer = answer_about(opened);
  answer.body["entries"] = count;
  return answer;
}

Result<Answer> read_entry(const Setup& setup, const EntryCall& call, const Take& take,
                          const RunContext& context) {
  const auto wanted = TRY(selection_of(call.path));
  const auto opened = TRY(open_chosen(setup, call.choice, context));
  auto entry = TRY(find_entry(opened, wanted, context));
  const auto content = opened.reader->open_content(std::move(entry.chunks), context);
  Bytes buffer(1U << 20U);
  for (;;) {
    TRY(context.check_stop());
    const auto count = TRY(content->read(buffer));
    if (count == 0) return answer_about(opened);
    TRY(take(ByteView(buffer).first(count)));
  }
}

Result<Answer> compare_snapshots(const Setup& setup, const SnapshotChoice& choice,
                                 const std::string& other, const RunContext& context) {
  const auto one = TRY(open_chosen(setup, choice, context));
  auto second = choice;
  second.snapshot = other;
  const auto two = TRY(open_chosen(setup, second, context));
  const auto before = TRY(contents_of(one, context));
  const auto after = TRY(contents_of(two, context));
  auto answer = answer_about(one);
  answer.body["other"] = to_json(two.chosen.info);
  answer.body["added"] = missing_from(after, before);
  answer.body["removed"] = missing_from(before, after);
  answer.body["changed"] = changed_in(before, after);
  return answer;
}

Result<Answer> say_of_snapshot(const Setup& setup, const SayCall& call, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto chosen = TRY(choose(*composition, call.choice, context));
  const auto* member = call.kind == "note" ? "text" : "reason";
  TRY(chosen.from.repository->add_statement(
      call.kind, {{"snapshot", chosen.info.id.hex()}, {member, call.text}}, context));
  Answer answer;
  answer.body = {{"repository", chosen.from.name},
                 {"snapshot", to_json(chosen.info)},
                 {"said", call.kind},
                 {"text", call.text}};
  return answer;
}

}  // namespace lifeboat::service
