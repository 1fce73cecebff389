#include "service/exchange_place.h"

#include "base/file.h"

namespace lifeboat::service {
namespace {

constexpr std::size_t kLargestEnvFile = 1U << 20U;
constexpr std::string_view kVariablePrefix = "env:";

Failure no_uri() {
  return fail(Error(Code::usage, "where is the database?")
                  .with_hint("Set MONGO_URI in the environment or in .env, or give --mongo-uri "
                             "mongodb://HOST, env:NAME or file:/PATH."));
}

// A variable may be in `.env` too, where the engine does not look.
Result<std::optional<std::string>> uri_in_variable(const config::Variables& variables,
                                                   const DatabaseChoice& choice) {
  const bool is_named = choice.uri.starts_with(kVariablePrefix);
  if (!choice.uri.empty() && !is_named) return std::nullopt;
  const auto name = is_named ? choice.uri.substr(kVariablePrefix.size()) : std::string("MONGO_URI");
  const auto value = variables.find(name);
  if (value && !value->empty()) return std::string(*value);
  if (!is_named) return no_uri();
  return fail(Code::usage, "the variable " + name + " is not set");
}

}  // namespace

config::Variables variables_of(const Setup& setup) {
  config::Variables variables(setup.environment);
  if (const auto text = read_file(setup.working_directory / ".env", kLargestEnvFile))
    variables.add_env_file(to_text(*text));
  return variables;
}

Result<engine::mongodb::Location> database_of(const Setup& setup, const DatabaseChoice& choice) {
  const auto variables = variables_of(setup);
  const auto database = choice.database.empty()
                            ? std::string(variables.find("MONGO_DB").value_or(""))
                            : choice.database;
  auto uri = TRY(uri_in_variable(variables, choice));
  auto located = Result<engine::mongodb::Location>();
  if (uri) {
    engine::SourceOptions options;
    options.uri = std::make_shared<const Secret>(Secret::from_text(*uri));
    options.database = database;
    wipe(*uri);
    located = engine::mongodb::locate(options);
  } else {
    located = engine::mongodb::locate(choice.uri, database);
  }
  if (!located && located.error().message() == "no database is named")
    return fail(std::move(located).error().with_hint("Set MONGO_DB, or give --mongo-db NAME."));
  return located;
}

std::filesystem::path exchange_path(const Setup& setup, const std::filesystem::path& path,
                                    const char* otherwise) {
  return (setup.working_directory / (path.empty() ? otherwise : path)).lexically_normal();
}

}  // namespace lifeboat::service
