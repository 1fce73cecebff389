#include "drill/seal.h"

#include "base/file.h"
#include "drill/chain.h"
#include "drill/render/page.h"

namespace lifeboat::drill {
namespace {

// "20261121T094500Z-1f3a…": sorts by time, and two drills of one second stay apart.
std::string file_stem(const Report& report) {
  std::string stem;
  for (const char c : to_the_second(report.started))
    if (c != '-' && c != ':') stem += c;
  return stem + "-" + report.id;
}

// Only a reader of the repository can have restored; a medium that takes no statement now must not
// lose the evidence.
void keep_in_repository(const Report& report, const Json& sealed,
                        repository::Repository& repository, const RunContext& context) {
  Json statement{{"service", report.service},
                 {"drill", report.drill},
                 {"verdict", name_of(report.verdict)},
                 {"tier", report.tier},
                 {"evidence", sealed}};
  if (report.snapshot) statement["snapshot"] = report.snapshot->id.hex();
  const auto added = repository.add_statement("proven", std::move(statement), context);
  if (!added)
    context.log.warning("the evidence is not in the repository: " + added.error().describe());
}

// As everybody else will read it.
Result<SignedRecord> read_back(const Json& sealed) {
  auto record = verify_evidence(sealed, std::nullopt);
  if (record) return std::move(*record);
  return fail(Code::internal,
              "the evidence just signed does not verify: " + std::move(record).error().message);
}

}  // namespace

Result<Sealed> seal(Report report, const SealingPlace& place, const RunContext& context) {
  auto evidence = to_json(report);
  evidence["chain"] = to_json(place_after(place.history.records));
  const auto sealed = TRY(sign_evidence(evidence, place.repository));
  auto record = TRY(read_back(sealed));
  const auto& folder = place.request.reports;
  TRY(make_directories(folder));
  const auto stem = folder / file_stem(report);
  const auto file = fs::path(stem.string() + ".json");
  const auto page = fs::path(stem.string() + ".html");
  TRY(write_file(file, view_of(pretty_json(sealed))));
  TRY(write_file(page, view_of(render_page({record, Json::array()}))));
  keep_in_repository(report, sealed, place.repository, context);
  return Sealed{std::move(report), std::move(record), file, page};
}

}  // namespace lifeboat::drill
