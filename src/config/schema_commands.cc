#include "config/schema_commands.h"

namespace lifeboat::config {
namespace {

constexpr Row kCommandRows[] = {
    {.path = kCommandPath,
     .type = Type::block,
     .about = "A program of your own that judges the restored data. It runs where nothing leaves "
              "and sees the restored data, the application's directory and its own; where nothing "
              "can be isolated it is not run."},
    {.path = "services.*.drills.*.checks.[].command.run",
     .type = Type::command,
     .about = "Starts it; `${sandbox.SOURCE.path}`, of a server `${sandbox.SOURCE.uri}`, is where "
              "a source was restored to. Everybody on the machine sees a command line while it "
              "runs: hand a URI on in `environment`.",
     .required = true,
     .example = "\"npx prisma migrate status\""},
    {.path = "services.*.drills.*.checks.[].command.name",
     .type = Type::name,
     .about = "What the report calls it.",
     .fallback = "its number"},
    {.path = "services.*.drills.*.checks.[].command.directory",
     .type = Type::path,
     .about = "Where it starts: visible inside at the same path, not writable.",
     .fallback = "the application's"},
    {.path = "services.*.drills.*.checks.[].command.visible",
     .type = Type::text_list,
     .about = "More folders or files that it needs besides /usr."},
    {.path = "services.*.drills.*.checks.[].command.environment",
     .type = Type::names,
     .about = "Its environment, besides the application's."},
    {.path = "services.*.drills.*.checks.[].command.environment.*",
     .type = Type::text,
     .about = "The value of one variable; `${sandbox.SOURCE.path}` or `….uri` may stand in it, "
              "and a server's `….user` and `….password`."},
    {.path = "services.*.drills.*.checks.[].command.within",
     .type = Type::duration,
     .about = "How long it may take. One that is not over by then has answered nothing.",
     .fallback = "5m"},
    {.path = "services.*.drills.*.checks.[].command.expect",
     .type = Type::block,
     .about = "What is right. Without it: status 0.",
     .example = "{exit: 0, not: \"pending|failed\"}"},
    {.path = "services.*.drills.*.checks.[].command.expect.exit",
     .type = Type::status,
     .about = "Its exit status.",
     .fallback = "0"},
    {.path = "services.*.drills.*.checks.[].command.expect.output",
     .type = Type::pattern,
     .about = "A line of its output matches this."},
    {.path = "services.*.drills.*.checks.[].command.expect.not",
     .type = Type::pattern,
     .about = "No line of its output may match this."},
    {.path = "services.*.drills.*.checks.[].command.expect.outcomes",
     .type = Type::flag,
     .about = "It prints lines such as `{\"check\": \"totals\", \"outcome\": \"passed\", "
              "\"message\": \"…\"}`; each becomes an answer of its own. The outcomes are `passed`, "
              "`warned`, `failed` and `not_run`. Lines that do not begin with `{` are ignored.",
     .fallback = "false"},
    {.path = "services.*.drills.*.checks.[].manual",
     .type = Type::block,
     .about = "A question to a person on the terminal where the drill runs; who answered, when, "
              "how long it took and what they wrote is recorded. Without a terminal it is not run, "
              "and the drill not proven unless somebody waives it."},
    {.path = "services.*.drills.*.checks.[].manual.ask",
     .type = Type::literal,
     .about = "What they should look at.",
     .required = true,
     .example = "\"Open three random invoices and compare the totals\""},
    {.path = "services.*.drills.*.checks.[].manual.owner",
     .type = Type::literal,
     .about = "Who should answer."},
    {.path = "services.*.drills.*.before",
     .type = Type::list,
     .about =
         "Programs that must end with status 0 ahead of the drill, such as a validation of "
         "the deployment. They run on the machine itself, with the caller's environment, since "
         "nothing is restored yet. When one fails the drill is unverified and nothing is "
         "fetched."},
    {.path = "services.*.drills.*.before.[]", .type = Type::block, .about = "One of them."},
    {.path = "services.*.drills.*.before.[].run",
     .type = Type::command,
     .about = "Starts it.",
     .required = true,
     .example = "\"npm run validate:deployment\""},
    {.path = "services.*.drills.*.before.[].name",
     .type = Type::name,
     .about = "What the report calls it.",
     .fallback = "its number"},
    {.path = "services.*.drills.*.before.[].directory",
     .type = Type::path,
     .about = "Where it starts.",
     .fallback = "where the drill was started"},
    {.path = "services.*.drills.*.before.[].within",
     .type = Type::duration,
     .about = "How long it may take.",
     .fallback = "5m"},
};

}  // namespace

std::span<const Row> command_rows() { return kCommandRows; }

}  // namespace lifeboat::config
