#include "engine/mongodb/accounts.h"

#include <algorithm>
#include <set>

#include "base/json_value.h"
#include "crypto/hash.h"
#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/object_names.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::string_view kAccountsMark = "accounts";
constexpr std::int32_t kAccountsVersion = 1;
constexpr auto kAdmin = "admin";

// What servers tell beside these follows from them, or is of the server itself.
const std::set<std::string_view> kKept{
    "_id",   "userId",     "user",        "role",       "db",
    "roles", "privileges", "credentials", "customData", "authenticationRestrictions"};

bool is_unknown_command(const Error& error) {
  return error.message().find("no such command") != std::string::npos ||
         error.message().find("not implemented") != std::string::npos;
}

Bytes kept_fields(DocumentView told) {
  DocumentBuilder kept;
  for (const auto& field : told)
    if (kKept.contains(field.key)) kept.element(field);
  return kept.take();
}

// The documents of a list in a reply, by name.
Result<std::vector<Bytes>> listed(DocumentView reply, std::string_view list,
                                  std::string_view name) {
  const auto found = reply.find(list);
  if (!found || !found->holds(BsonType::array))
    return fail(Code::corrupt, "the server did not tell its " + std::string(list));
  std::vector<Bytes> all;
  for (const auto& each : found->inside()) {
    if (!each.inside().text_at(name) || !each.inside().text_at("db"))
      return fail(Code::corrupt,
                  "the server told one of its " + std::string(list) + " without a name");
    all.push_back(kept_fields(each.inside()));
  }
  std::ranges::sort(
      all, {}, [&](const Bytes& each) { return std::string(*view_document(each).text_at(name)); });
  return all;
}

Bytes users_question(const Element* user) {
  DocumentBuilder question;
  if (user == nullptr)
    question.int32("usersInfo", 1);
  else
    question.element("usersInfo", *user);
  question.boolean("showCredentials", true).boolean("showCustomData", true);
  if (user != nullptr) question.boolean("showAuthenticationRestrictions", true);
  return question.take();
}

// Where somebody may log in from is told of one user at a time.
Result<Bytes> whole_user(const Connection& connection, const std::string& database,
                         const Bytes& user) {
  const auto view = view_document(user);
  const auto named =
      DocumentBuilder()
          .document("of",
                    DocumentBuilder().element(*view.find("user")).element(*view.find("db")).take())
          .take();
  const auto of = *view_document(named).begin();
  const auto reply = connection.command(database, users_question(&of));
  if (!reply) return fail(reply.error());
  auto found = TRY(listed(TRY(DocumentView::check(*reply)), "users", "user"));
  if (found.size() == 1) return std::move(found.front());
  return fail(Code::source_changed, "a user was removed while the users were read");
}

Result<std::vector<Bytes>> read_users(const Connection& connection, const std::string& database) {
  auto reply = connection.command(database, users_question(nullptr));
  if (!reply) return fail(std::move(reply).error());
  auto users = TRY(listed(TRY(DocumentView::check(*reply)), "users", "user"));
  for (auto& each : users) each = TRY(whole_user(connection, database, each));
  return users;
}

Result<std::vector<Bytes>> read_roles(const Connection& connection, const std::string& database) {
  auto reply = connection.command(database, DocumentBuilder()
                                                .int32("rolesInfo", 1)
                                                .boolean("showPrivileges", true)
                                                .boolean("showAuthenticationRestrictions", true)
                                                .take());
  if (!reply && is_unknown_command(reply.error())) return std::vector<Bytes>{};
  if (!reply) return fail(std::move(reply).error());
  return listed(TRY(DocumentView::check(*reply)), "roles", "role");
}

Bytes renamed_within(DocumentView document, std::string_view from, std::string_view to);

void add_renamed(const Element& field, std::pair<std::string_view, std::string_view> names,
                 DocumentBuilder& builder) {
  const auto& [from, to] = names;
  if (field.key == "db" && field.text() == from)
    builder.text("db", to);
  else if (field.holds(BsonType::document))
    builder.document(field.key, renamed_within(field.inside(), from, to));
  else if (field.holds(BsonType::array))
    builder.array(field.key, renamed_within(field.inside(), from, to));
  else
    builder.element(field);
}

// Checked documents have a bounded depth.
Bytes renamed_within(DocumentView document, std::string_view from, std::string_view to) {
  DocumentBuilder builder;
  for (const auto& field : document) add_renamed(field, {from, to}, builder);
  return builder.take();
}

// As it is in a database of another name; what the application keeps with a user is its own.
Bytes moved(DocumentView account, std::string_view from, std::string_view to) {
  const auto name = account.text_at("user").value_or(account.text_at("role").value_or(""));
  DocumentBuilder builder;
  for (const auto& field : account) {
    if (field.key == "_id" && field.text())
      builder.text("_id", std::string(to) + "." + std::string(name));
    else if (field.key == "customData")
      builder.element(field);
    else
      add_renamed(field, {from, to}, builder);
  }
  return builder.take();
}

std::string hash_of(ByteView bytes) { return crypto::sha256(bytes).hex(); }

Json role_names(DocumentView user, const std::string& database) {
  std::set<std::string> names;
  if (const auto roles = user.find("roles"))
    for (const auto& each : roles->inside()) {
      const std::string db(each.inside().text_at("db").value_or(""));
      names.insert(std::string(each.inside().text_at("role").value_or("")) +
                   (db == database ? "" : "@" + db));
    }
  return names;
}

Json user_facts(DocumentView user, const std::string& database) {
  Json facts{{"roles", role_names(user, database)}, {"mechanisms", Json::array()}};
  if (const auto credentials = user.document_at("credentials")) {
    for (const auto& each : *credentials) facts["mechanisms"].push_back(escape_name(each.key));
    facts["credentials"] = hash_of(credentials->bytes());
  }
  DocumentBuilder rest;
  for (const auto& field : user)
    if (field.key == "customData" || field.key == "authenticationRestrictions") rest.element(field);
  facts["rest"] = hash_of(rest.take());
  return facts;
}

// Without what the server gives it, in the order of names.
std::string role_hash(DocumentView role, const std::string& database) {
  const auto nameless = moved(role, database, "");
  DocumentBuilder builder;
  for (const auto* key : {"privileges", "roles", "authenticationRestrictions"})
    if (const auto field = view_document(nameless).find(key); field && !field->inside().empty())
      builder.element(*field);
  return hash_of(builder.take());
}

std::vector<Bytes> missing_of(const std::vector<Bytes>& wanted, const std::vector<Bytes>& there,
                              std::string_view name) {
  std::vector<Bytes> missing;
  for (const auto& each : wanted) {
    const auto is_it = [&](const Bytes& other) {
      return view_document(other).text_at(name) == view_document(each).text_at(name);
    };
    if (std::ranges::none_of(there, is_it)) missing.push_back(each);
  }
  return missing;
}

Result<void> insert_all(const Connection& connection, const std::string& collection,
                        const std::vector<Bytes>& documents) {
  if (documents.empty()) return {};
  const std::vector<ByteView> views(documents.begin(), documents.end());
  return connection.insert(kAdmin, collection, views);
}

Result<void> drop_temporary(const Connection& connection) {
  for (const auto* each : {kTemporaryUsers, kTemporaryRoles}) {
    const auto dropped = connection.command(kAdmin, DocumentBuilder().text("drop", each).take());
    if (!dropped && dropped.error().code() != Code::not_found) return fail(dropped.error());
  }
  return {};
}

// Only so does a server take what passwords are checked by; mongorestore does it too.
Result<void> merge(const Connection& connection, const Accounts& accounts,
                   const std::string& database) {
  TRY(insert_all(connection, kTemporaryUsers, accounts.users));
  TRY(insert_all(connection, kTemporaryRoles, accounts.roles));
  const auto in_admin = [](const char* name) { return kAdmin + std::string(".") + name; };
  TRY(connection.command(
      kAdmin, DocumentBuilder()
                  .int32("_mergeAuthzCollections", 1)
                  .text("tempUsersCollection", in_admin(kTemporaryUsers))
                  .text("tempRolesCollection", in_admin(kTemporaryRoles))
                  .boolean("drop", false)
                  .text("db", database)
                  .document("writeConcern", DocumentBuilder().text("w", "majority").take())
                  .take()));
  return {};
}

// By way of two collections that hold secrets: they go before, where a run was killed, and after.
Result<void> merge_and_clean(const Connection& connection, const Accounts& accounts,
                             const std::string& database) {
  TRY(drop_temporary(connection));
  auto merged = merge(connection, accounts, database);
  auto cleaned = drop_temporary(connection);
  return merged ? std::move(cleaned) : std::move(merged);
}

void add_kept(const Json& wanted, const Json& there, const std::string& kind,
              std::vector<Finding>& findings) {
  for (const auto& [name, facts] : wanted.items())
    if (there.contains(name) && there[name] != facts)
      findings.push_back({"account-kept", kind + " " + name,
                          "is there already, is another one and stays as it is", false});
}

}  // namespace

Result<std::optional<Accounts>> read_accounts(const Connection& connection,
                                              const std::string& database) {
  auto users = read_users(connection, database);
  if (!users && is_unknown_command(users.error())) return std::nullopt;
  if (!users) return fail(std::move(users).error());
  auto roles = TRY(read_roles(connection, database));
  return Accounts{std::move(*users), std::move(roles)};
}

Bytes encode_accounts(const Accounts& accounts, const std::string& database) {
  Bytes bytes = DocumentBuilder()
                    .text("lifeboat", kAccountsMark)
                    .int32("version", kAccountsVersion)
                    .text("database", database)
                    .take();
  for (const auto& each : accounts.users)
    append(bytes, DocumentBuilder().document("user", each).take());
  for (const auto& each : accounts.roles)
    append(bytes, DocumentBuilder().document("role", each).take());
  return bytes;
}

Result<Accounts> decode_accounts(ByteView bytes, const std::string& database) {
  Accounts accounts;
  std::optional<std::string> from;
  const auto keep = [&](DocumentView document) -> Result<void> {
    if (!from) {
      if (document.text_at("lifeboat") != kAccountsMark || !document.text_at("database"))
        return fail(Code::corrupt, "these are no users and roles");
      const auto version = document.find("version");
      if (!version || version->integer() != kAccountsVersion)
        return fail(Code::unsupported_format, "users and roles of a newer version");
      from = std::string(*document.text_at("database"));
      return {};
    }
    const auto user = document.document_at("user");
    const auto role = document.document_at("role");
    const bool sound = (user && user->text_at("user")) || (role && role->text_at("role"));
    if (!sound) return fail(Code::corrupt, "a user or a role without a name");
    (user ? accounts.users : accounts.roles)
        .push_back(moved(user ? *user : *role, *from, database));
    return {};
  };
  BsonReader reader;
  TRY(reader.feed(bytes, keep));
  TRY(reader.finish());
  if (!from) return fail(Code::corrupt, "these are no users and roles");
  return accounts;
}

Json accounts_facts(const Accounts& accounts, const std::string& database) {
  Json facts{{"users", Json::object()}, {"roles", Json::object()}};
  for (const auto& each : accounts.users) {
    const auto user = view_document(each);
    facts["users"][escape_name(user.text_at("user").value_or(""))] = user_facts(user, database);
  }
  for (const auto& each : accounts.roles) {
    const auto role = view_document(each);
    facts["roles"][escape_name(role.text_at("role").value_or(""))] = role_hash(role, database);
  }
  return facts;
}

Result<std::vector<Finding>> restore_accounts(const Location& at, const Accounts& accounts) {
  const auto connection = at.server->connect();
  const auto there = TRY(read_accounts(connection, at.database));
  if (!there)
    return std::vector<Finding>{
        {"accounts-not-restored", at.database, "this server keeps no users and roles", false}};
  std::vector<Finding> findings;
  const auto wanted = accounts_facts(accounts, at.database);
  const auto present = accounts_facts(*there, at.database);
  add_kept(wanted["users"], present["users"], "user", findings);
  add_kept(wanted["roles"], present["roles"], "role", findings);
  const Accounts missing{missing_of(accounts.users, there->users, "user"),
                         missing_of(accounts.roles, there->roles, "role")};
  if (missing.empty()) return findings;
  if (TRY(ask_server(connection)).ferretdb.empty())
    TRY_CONTEXT("users and roles", merge_and_clean(connection, missing, at.database));
  else
    TRY_CONTEXT("users", insert_all(connection, "system.users", missing.users));
  return findings;
}

}  // namespace lifeboat::engine::mongodb
