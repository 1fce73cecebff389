#include "restore/losses.h"

#include <algorithm>
#include <optional>

#include "engine/all.h"
#include "engine/catalog_content.h"
#include "engine/losses.h"

namespace lifeboat::restore {
namespace {

using repository::ChunkList;
using repository::EntryRecord;

constexpr std::size_t kCatalogPiece = 1U << 20U;

Result<Bytes> content_of(repository::SnapshotReader& snapshot, ChunkList chunks,
                         const RunContext& context) {
  const auto reader = snapshot.open_content(std::move(chunks), context);
  engine::CatalogContent content;
  Bytes piece(kCatalogPiece);
  for (;;) {
    const auto size = TRY(reader->read(piece));
    if (size == 0) return content.take();
    TRY(content.add(ByteView(piece).first(size)));
  }
}

struct SnapshotOf {
  const Plan& plan;
  const repository::SourceManifest& source;
  repository::SnapshotReader& snapshot;
};

Result<void> find_losses_of(PlanItem& item, const engine::Engine& engine, const SnapshotOf& from,
                            const RunContext& context) {
  std::optional<ChunkList> catalog;
  const auto visit = [&](EntryRecord&& entry) -> Result<void> {
    if (!catalog && engine.is_catalog(entry.info)) catalog = std::move(entry.chunks);
    return {};
  };
  auto& [plan, source, snapshot] = from;
  TRY(snapshot.entries(source, visit, context));
  if (!catalog) return {};
  const auto content = TRY(content_of(snapshot, std::move(*catalog), context));
  item.losses = TRY(engine.losses_at(
      item.place, {content, item.objects, source.facts, item.renames, clears(plan, item)}));
  return {};
}

}  // namespace

Result<void> find_losses(Plan& plan, repository::SnapshotReader& snapshot,
                         const RunContext& context) {
  for (auto& item : plan.items) {
    const auto* engine = TRY(engine::find_engine(item.type));
    if (!engine->traits().is_server) continue;
    const auto source =
        std::ranges::find(snapshot.sources(), item.source, &repository::SourceManifest::name);
    if (source == snapshot.sources().end())
      return fail(Code::internal, "the plan names an unknown source");
    TRY_CONTEXT("source " + item.source,
                find_losses_of(item, *engine, {plan, *source, snapshot}, context));
  }
  return {};
}

Result<void> check_losses(const Plan& plan) {
  std::vector<Finding> all;
  for (const auto& item : plan.items) all.insert(all.end(), item.losses.begin(), item.losses.end());
  if (plan.accept_losses) return {};
  return engine::refuse_losses(all, "the server cannot do what the snapshot needs",
                               "Nothing was changed. Use a server like the one that was backed up; "
                               "a restore with --accept-losses leaves this out, and takes a server "
                               "that is older.");
}

}  // namespace lifeboat::restore
