#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/json_value.h"
#include "drill/check.h"
#include "drill/like_server.h"

namespace lifeboat::drill {
namespace {

// Facts are compared in three questions, so that a report says which kind of truth was lost.
enum class FactKind : std::uint8_t { catalog, counts, digests };

struct KindInfo {
  FactKind kind;
  std::string_view id;
  std::string_view proves;
};

constexpr std::array<KindInfo, 3> kKinds{{
    {FactKind::catalog, "catalog",
     "every table, collection, index, trigger, view, version and migration is as it was at the "
     "backup"},
    {FactKind::counts, "counts",
     "every table, collection and folder holds exactly as many rows, documents and files as then"},
    {FactKind::digests, "digests", "every row and every file attribute has the value it had then"},
}};

// Members at the top that describe the machine or program that looked, not the data. Further down a
// member may be a table's name, and every table is compared.
bool is_compared(const std::string& path) {
  static const std::set<std::string> kNotCompared{"about", "accounts", "excluded", "gridfs",
                                                  "owners_digest"};
  return !kNotCompared.contains(path);
}

// Members that older snapshots did not record, and that a replay of a log does not work out.
bool may_be_unrecorded(const std::string& path) { return path == "migrations"; }

std::string join_path(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

FactKind kind_of(const std::string& key) {
  static const std::set<std::string> kCounts{"rows",     "documents", "files",    "directories",
                                             "symlinks", "hardlinks", "specials", "bytes"};
  if (kCounts.contains(key)) return FactKind::counts;
  return key.ends_with("digest") ? FactKind::digests : FactKind::catalog;
}

struct Difference {
  FactKind kind;
  Sign sign;
};

std::string sign_sentence(const Sign& sign) {
  if (sign.kind == Sign::Kind::missing) return sign.object + " is missing";
  if (sign.kind == Sign::Kind::added) return sign.object + " was not there at the backup";
  return sign.object + ": expected " + sign.expected + ", found " + sign.found;
}

std::string shown_value(const Json& value) {
  const auto text = canonical_json(value);
  constexpr std::size_t kShown = 80;
  return text.size() <= kShown ? text : text.substr(0, kShown) + "…";
}

// Walks both values side by side; `path` reads like "tables.orders.rows".
// After a replay, null is what nobody knows; in what was recorded it is a value like others.
class Comparison {
 public:
  explicit Comparison(bool null_is_unknown) : null_is_unknown_(null_is_unknown) {}

  void compare(const Json& expected, const Json& found, const std::string& path, FactKind kind) {
    if (null_is_unknown_ && expected.is_null()) return unknown_.push_back(path);
    if (expected.is_object() && found.is_object()) return compare_objects(expected, found, path);
    ++compared_[static_cast<std::size_t>(kind)];
    if (expected == found) return;
    differences_.push_back(
        {kind, {Sign::Kind::different, path, shown_value(expected), shown_value(found)}});
  }

  const std::vector<Difference>& differences() const { return differences_; }
  std::size_t compared(FactKind kind) const { return compared_[static_cast<std::size_t>(kind)]; }
  const std::vector<std::string>& unknown() const { return unknown_; }

 private:
  void compare_objects(const Json& expected, const Json& found, const std::string& path) {
    for (const auto& [key, value] : expected.items()) {
      const auto at = join_path(path, key);
      if (!is_compared(at)) continue;
      if (found.contains(key) || (null_is_unknown_ && value.is_null())) {
        compare(value, found.value(key, Json()), at, kind_of(key));
      } else {
        differences_.push_back(
            {FactKind::catalog, {Sign::Kind::missing, at, shown_value(value), ""}});
      }
    }
    for (const auto& [key, value] : found.items()) {
      const auto at = join_path(path, key);
      if (is_compared(at) && !may_be_unrecorded(at) && !expected.contains(key))
        differences_.push_back(
            {FactKind::catalog, {Sign::Kind::added, at, "", shown_value(value)}});
    }
  }

  std::vector<Difference> differences_;
  bool null_is_unknown_;
  std::vector<std::string> unknown_;  // what a replay of the log leaves nobody knows
  std::array<std::size_t, 3> compared_{};
};

CheckResult result_of(const KindInfo& info, const std::string& source, const Comparison& compared) {
  CheckResult result;
  result.id = std::string(info.id) + "." + source;
  result.proves = info.proves;
  result.proves_data = true;
  std::size_t count = 0;
  for (const auto& each : compared.differences()) {
    if (each.kind != info.kind) continue;
    if (++count > kMaxDetails) continue;
    result.details.push_back(sign_sentence(each.sign));
    result.signs.push_back(each.sign);
  }
  result.outcome = count == 0 ? Outcome::passed : Outcome::failed;
  result.message = count == 0
                       ? counted(compared.compared(info.kind), "fact is equal", "facts are equal")
                       : std::to_string(count) + " differ; first " + result.details[0];
  return result;
}

// The facts recorded inside the snapshot against the same facts computed from what was restored.
class FactsCheck final : public Question {
 public:
  explicit FactsCheck(std::string source) : source_(std::move(source)) {}
  std::string id() const override { return "facts." + source_; }
  std::string proves() const override { return "what was restored equals what was backed up"; }

  Result<std::vector<CheckResult>> run(CheckScope& scope, const RunContext& context) override {
    auto* source = TRY(source_of(scope, source_));
    const auto& expected = source->facts ? *source->facts : source->manifest->facts;
    if (!expected.is_object() || expected.empty()) return std::vector{without_facts()};
    const Json found = TRY(source->inspector->facts(context));
    Comparison compared(source->facts.has_value());
    compared.compare(expected, found, "", FactKind::catalog);
    std::vector<CheckResult> results;
    for (const auto& info : kKinds)
      if (is_asked(info.kind, compared) &&
          !(scope.tier == "quick" && info.kind == FactKind::digests))
        results.push_back(result_of(info, source_, compared));
    if (!compared.unknown().empty()) results.push_back(unknown_result(compared.unknown()));
    if (auto accounts = accounts_result(expected, found, source->without_users))
      results.push_back(std::move(*accounts));
    if (auto gridfs = judge_gridfs(source_, found)) results.push_back(std::move(*gridfs));
    if (auto server = server_result(expected, found)) results.push_back(std::move(*server));
    return results;
  }

 private:
  CheckResult without_facts() const {
    CheckResult result;
    result.id = id();
    result.proves = proves();
    result.outcome = Outcome::failed;
    result.message = "the snapshot holds no facts of this source";
    return result;
  }

  CheckResult unknown_result(const std::vector<std::string>& unknown) const {
    CheckResult result;
    result.id = "replayed." + source_;
    result.proves = "what the log changed is as it was at that moment";
    result.outcome = Outcome::not_run;
    result.message = counted(unknown.size(), "fact is", "facts are") +
                     " not known after the log was replayed; first " + unknown[0];
    result.details.assign(unknown.begin(), unknown.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                 unknown.size(), kMaxDetails)));
    return result;
  }

  // A database without tables has no counts; a kind with nothing to compare is not a pass of
  // anything.
  static bool is_asked(FactKind kind, const Comparison& compared) {
    const auto& all = compared.differences();
    return compared.compared(kind) > 0 ||
           std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.kind == kind; });
  }

  static bool has_accounts(const Json& facts) {
    const auto accounts = facts.find("accounts");
    return accounts != facts.end() &&
           (accounts->is_null() ||
            std::ranges::any_of(*accounts, [](const Json& each) { return !each.empty(); }));
  }

  // Users and roles: null is what the backup's user might not read. An older snapshot says nothing.
  std::optional<CheckResult> accounts_result(const Json& expected, const Json& found,
                                             bool were_left_out) const {
    if (!expected.contains("accounts")) return std::nullopt;
    if (!has_accounts(expected) && (were_left_out || !has_accounts(found))) return std::nullopt;
    CheckResult result;
    result.id = "accounts." + source_;
    result.proves = "every user and role of the database is as it was at the backup";
    result.outcome = Outcome::not_run;
    if (expected["accounts"].is_null())
      result.message = "the snapshot holds none: the backup's user may not read users and roles";
    else if (were_left_out)
      result.message = "they are not restored onto a server that others use";
    else if (!found.contains("accounts"))
      result.message = "the server that it was restored to keeps no users and roles";
    else
      compare_accounts(expected["accounts"], found["accounts"], result);
    return result;
  }

  static void compare_accounts(const Json& expected, const Json& found, CheckResult& result) {
    Comparison compared(false);
    compared.compare(expected, found, "accounts", FactKind::catalog);
    const auto& all = compared.differences();
    for (std::size_t i = 0; i < all.size() && i < kMaxDetails; ++i) {
      result.details.push_back(sign_sentence(all[i].sign));
      result.signs.push_back(all[i].sign);
    }
    result.outcome = all.empty() ? Outcome::passed : Outcome::failed;
    result.message = all.empty()
                         ? "users and roles are equal"
                         : std::to_string(all.size()) + " differ; first " + result.details[0];
  }

  std::optional<CheckResult> server_result(const Json& expected, const Json& found) const {
    const auto theirs = server_of(expected);
    if (theirs.empty()) return std::nullopt;
    return judge_server(source_, server_of(found), theirs);
  }

  static std::string server_of(const Json& facts) {
    const auto about = facts.find("about");
    return about != facts.end() && about->is_object() ? about->value("server", "") : "";
  }

  std::string source_;
};

}  // namespace

std::unique_ptr<Question> make_facts_check(const std::string& source) {
  return std::make_unique<FactsCheck>(source);
}

}  // namespace lifeboat::drill
