#include "config/schema_drill.h"

namespace lifeboat::config {
namespace {

constexpr Row kDrillRows[] = {
    {.path = "services.*.drills.*.sandbox.type",
     .type = Type::choice,
     .about = "Where sources of type `mongodb` are restored to: `process` is a private server that "
              "the drill starts and ends; `database` are databases that it makes and drops on a "
              "server that others use too, never on production (`docs/mongodb.md`).",
     .fallback = "process",
     .choices = "process|database",
     .planned_choices = "command|container"},
    {.path = "services.*.drills.*.sandbox.uri",
     .type = Type::secret,
     .about = "That server, and a user who may make and drop databases there: `${VARIABLE}` or "
              "`file:/path`.",
     .only_for = "database"},
    {.path = "services.*.drills.*.sandbox.server",
     .type = Type::literal,
     .about = "The program that a source of type `mongodb` is restored to.",
     .fallback = "`mongod`, as the PATH finds it",
     .only_for = "process"},
    {.path = "services.*.drills.*.environment",
     .type = Type::literal,
     .about = "What people call the place where the drill runs; the report names it beside the "
              "host.",
     .example = "staging"},
    {.path = "services.*.drills.*.combined_with",
     .type = Type::literal,
     .about = "What else is practised together with this drill; the report names it.",
     .example = "rotation of credentials"},
    {.path = "services.*.drills.*.cold_start",
     .type = Type::flag,
     .about = "With an empty home, no cache and no variables: nothing but the repository and one "
              "key, that of `--key-file`, `--recipient` or LIFEBOAT_PASSPHRASE.",
     .fallback = "false"},
    {.path = "services.*.drills.*.within",
     .type = Type::duration,
     .about = "How long the drill may take. One that is foretold to take longer is not begun, and "
              "one that takes longer is stopped; both are unverified.",
     .fallback = "no limit",
     .example = "1h"},
    {.path = "services.*.drills.*.runbook",
     .type = Type::list,
     .about = "What people would do, in their order. The report says which steps were done, which "
              "took longer than allowed, and which the drill did not do; those are findings."},
    {.path = "services.*.drills.*.runbook.[]",
     .type = Type::block,
     .about = "One step: a stage of the drill, or one of its checks.",
     .example = "{step: \"Restore the data\", stage: restore, within: 20m}"},
    {.path = "services.*.drills.*.runbook.[].step",
     .type = Type::literal,
     .about = "What the runbook calls it.",
     .required = true},
    {.path = "services.*.drills.*.runbook.[].stage",
     .type = Type::choice,
     .about = "The stage that does it.",
     .choices = "before|locate|preflight|fetch|provision|restore|check|commands|app|manual|"
                "tear-down"},
    {.path = "services.*.drills.*.runbook.[].check",
     .type = Type::literal,
     .about = "Or the check that does it, as the report calls it, such as `journey.login`."},
    {.path = "services.*.drills.*.runbook.[].within",
     .type = Type::duration,
     .about = "How long it may take.",
     .fallback = "as long as it takes"},
};

}  // namespace

std::span<const Row> drill_rows() { return kDrillRows; }

}  // namespace lifeboat::config
