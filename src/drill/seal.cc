#include "drill/seal.h"

#include "base/file.h"
#include "drill/evidence.h"
#include "drill/page.h"

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
  if (!report.snapshot) return;
  Json statement{{"snapshot", report.snapshot->id.hex()},
                 {"service", report.service},
                 {"verdict", name_of(report.verdict)},
                 {"tier", report.tier},
                 {"evidence", sealed}};
  const auto added = repository.add_statement("proven", std::move(statement), context);
  if (!added)
    context.log.warning("the evidence is not in the repository: " + added.error().describe());
}

}  // namespace

Result<Sealed> seal(Report report, const Request& request, repository::Repository& repository,
                    const RunContext& context) {
  const auto sealed = TRY(sign_evidence(to_json(report), repository));
  TRY(make_directories(request.reports));
  const auto stem = request.reports / file_stem(report);
  const auto evidence = fs::path(stem.string() + ".json");
  const auto page = fs::path(stem.string() + ".html");
  TRY(write_file(evidence, view_of(pretty_json(sealed))));
  TRY(write_file(page, view_of(render_page(sealed))));
  keep_in_repository(report, sealed, repository, context);
  return Sealed{std::move(report), evidence, page};
}

}  // namespace lifeboat::drill
