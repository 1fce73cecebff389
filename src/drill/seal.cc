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

Result<void> keep_in_repository(const Report& report, const Json& sealed,
                                repository::Repository& repository, const RunContext& context) {
  Json statement{{"service", report.service},
                 {"drill", report.drill},
                 {"verdict", name_of(report.verdict)},
                 {"tier", report.tier},
                 {"evidence", sealed}};
  if (report.snapshot) statement["snapshot"] = report.snapshot->id.hex();
  TRY(repository.add_statement("proven", std::move(statement), context));
  return {};
}

struct Files {
  fs::path evidence;
  fs::path page;
};

Result<Files> keep_here(const fs::path& folder, const Report& report, const Json& sealed,
                        const SignedRecord& record) {
  TRY(make_directories(folder));
  const auto stem = (folder / file_stem(report)).string();
  Files files{stem + ".json", stem + ".html"};
  TRY(write_file(files.evidence, view_of(pretty_json(sealed))));
  TRY(write_file(files.page, view_of(render_page({record, Json::array()}))));
  return files;
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
  // Each of the two alone is evidence: one that cannot be had must not lose the other.
  const auto added = keep_in_repository(report, sealed, place.repository, context);
  if (!added)
    context.log.warning("the evidence is not in the repository: " + added.error().describe());
  auto files = keep_here(place.request.reports, report, sealed, record);
  if (!files && !added) return fail(std::move(files).error());
  if (!files)
    context.log.warning("the evidence is in the repository only: " + files.error().describe());
  auto [file, page] = files ? std::move(*files) : Files{};
  return Sealed{std::move(report), std::move(record), std::move(file), std::move(page)};
}

}  // namespace lifeboat::drill
