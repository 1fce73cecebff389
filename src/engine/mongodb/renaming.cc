#include "engine/mongodb/renaming.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "base/json_value.h"
#include "base/nearest.h"
#include "engine/mongodb/catalog_fingerprint.h"
#include "engine/mongodb/facts.h"
#include "engine/mongodb/ledgers.h"
#include "engine/mongodb/object_names.h"
#include "engine/mongodb/utf8.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::size_t kLongestNamespace = 255;  // bytes, since 4.4
constexpr std::string_view kOfEncrypted = "enxcol_.";

const Collection* find_named(const Catalog& catalog, const std::string& name) {
  const auto found = std::ranges::find(catalog.collections, name, &Collection::name);
  return found == catalog.collections.end() ? nullptr : &*found;
}

Failure not_restored(const Catalog& wanted, const std::string& name) {
  std::vector<std::string_view> names;
  for (const auto& each : wanted.collections) names.push_back(each.name);
  const auto near = nearest_word(name, names);
  return fail(Error(Code::usage,
                    "--rename: there is no collection " + name + " among those that are restored")
                  .with_hint(near.empty() ? "Write the name that it has in the snapshot, without "
                                            "its database: --to names that one."
                                          : "Did you mean " + near + "?"));
}

std::string why_no_name(const Collection& collection, const std::string& name,
                        const std::string& database) {
  const auto before = collection.kind == CollectionKind::time_series ? kBucketsPrefix.size() : 0;
  if (!is_utf8(name)) return "it is no UTF-8";
  if (name.starts_with("system.")) return "what begins with system. is the server's own";
  if (name.starts_with('.') || name.ends_with('.')) return "it begins or ends with a dot";
  if (name.find_first_of(std::string_view("$\0", 2)) != name.npos) return "it holds a $ or a NUL";
  if (database.size() + 1 + before + name.size() > kLongestNamespace)
    return fmt::format("with its database it has more than {} bytes", kLongestNamespace);
  return {};
}

Result<void> check_may_be_renamed(const Collection& collection) {
  const bool is_encrypted = collection.options().find("encryptedFields").has_value();
  if (!is_encrypted && !collection.name.starts_with(kOfEncrypted) &&
      !collection.name.starts_with("system."))
    return {};
  const auto* why = is_encrypted ? " is encrypted, and its options name other collections"
                                 : " goes by its name: a server looks for it there";
  return fail(Error(Code::refused, "--rename: " + collection.name + why)
                  .with_hint("Restore it under its own name, into another database."));
}

// Who would have that name beside it; empty where nobody would.
std::string other_of_name(const Catalog& wanted, const Renames& renames,
                          const Renames::value_type& rename) {
  const auto& [from, to] = rename;
  for (const auto& [other, name] : renames)
    if (other != from && name == to) return other;
  return find_named(wanted, to) != nullptr && !renames.contains(to) ? to : "";
}

// A list with each of its documents as `change` makes it.
template <class Change>
Bytes with_each(DocumentView list, Change change) {
  DocumentBuilder builder;
  for (const auto& each : list)
    if (each.holds(BsonType::document))
      builder.document(each.key, change(each.inside()));
    else
      builder.element(each);
  return builder.take();
}

Bytes renamed_pipeline(DocumentView stages, const Renames& renames);

// {from: "orders", pipeline: […]} of $lookup and $graphLookup, {coll: …} of $unionWith.
Bytes renamed_reading(DocumentView reading, const Renames& renames) {
  DocumentBuilder builder;
  for (const auto& field : reading) {
    const auto text = field.text();
    if (text && (field.key == "from" || field.key == "coll"))
      builder.text(field.key, new_name(*text, renames));
    else if (field.key == "pipeline" && field.holds(BsonType::array))
      builder.array(field.key, renamed_pipeline(field.inside(), renames));
    else
      builder.element(field);
  }
  return builder.take();
}

Bytes renamed_facets(DocumentView facets, const Renames& renames) {
  DocumentBuilder builder;
  for (const auto& each : facets)
    if (each.holds(BsonType::array))
      builder.array(each.key, renamed_pipeline(each.inside(), renames));
    else
      builder.element(each);
  return builder.take();
}

Bytes renamed_stage(DocumentView stage, const Renames& renames) {
  DocumentBuilder builder;
  for (const auto& field : stage) {
    const bool reads =
        field.key == "$lookup" || field.key == "$graphLookup" || field.key == "$unionWith";
    if (field.key == "$unionWith" && field.text())
      builder.text(field.key, new_name(*field.text(), renames));
    else if (reads && field.holds(BsonType::document))
      builder.document(field.key, renamed_reading(field.inside(), renames));
    else if (field.key == "$facet" && field.holds(BsonType::document))
      builder.document(field.key, renamed_facets(field.inside(), renames));
    else
      builder.element(field);
  }
  return builder.take();
}

// Checked documents have a bounded depth.
Bytes renamed_pipeline(DocumentView stages, const Renames& renames) {
  return with_each(stages, [&](DocumentView stage) { return renamed_stage(stage, renames); });
}

// Of the options of a view, and of the command that makes one.
void add_view_option(const Element& option, const Renames& renames, DocumentBuilder& builder) {
  if (option.key == "viewOn" && option.text())
    builder.text(option.key, new_name(*option.text(), renames));
  else if (option.key == "pipeline" && option.holds(BsonType::array))
    builder.array(option.key, renamed_pipeline(option.inside(), renames));
  else
    builder.element(option);
}

// {create: "orders", …}: its first field names the collection.
Bytes renamed_command(DocumentView command, const Renames& renames) {
  DocumentBuilder builder;
  for (const auto& field : command)
    if (builder.empty() && field.text())
      builder.text(field.key, new_name(*field.text(), renames));
    else
      add_view_option(field, renames, builder);
  return builder.take();
}

Bytes renamed_options(DocumentView options, const Renames& renames) {
  DocumentBuilder builder;
  for (const auto& each : options) add_view_option(each, renames, builder);
  return builder.take();
}

struct InDatabase {
  const std::string& name;
  const Renames& renames;
};

Bytes renamed_resource(DocumentView resource, const InDatabase& database) {
  const bool is_ours = resource.text_at("db") == database.name;
  DocumentBuilder builder;
  for (const auto& field : resource)
    if (is_ours && field.key == "collection" && field.text())
      builder.text(field.key, new_name(*field.text(), database.renames));
    else
      builder.element(field);
  return builder.take();
}

Bytes renamed_privilege(DocumentView privilege, const InDatabase& database) {
  DocumentBuilder builder;
  for (const auto& field : privilege)
    if (field.key == "resource" && field.holds(BsonType::document))
      builder.document(field.key, renamed_resource(field.inside(), database));
    else
      builder.element(field);
  return builder.take();
}

Bytes renamed_role(DocumentView role, const InDatabase& database) {
  DocumentBuilder builder;
  for (const auto& field : role)
    if (field.key == "privileges" && field.holds(BsonType::array))
      builder.array(field.key, with_each(field.inside(), [&](DocumentView privilege) {
                      return renamed_privilege(privilege, database);
                    }));
    else
      builder.element(field);
  return builder.take();
}

}  // namespace

Result<void> check_renames(const Catalog& wanted, const Renames& renames,
                           const std::string& database) {
  for (const auto& rename : renames) {
    const auto& [from, to] = rename;
    const auto* collection = find_named(wanted, from);
    if (collection == nullptr) return not_restored(wanted, from);
    TRY(check_may_be_renamed(*collection));
    if (const auto why = why_no_name(*collection, to, database); !why.empty())
      return fail(Code::usage, "--rename: " + to + " is no name for a collection: " + why);
    if (const auto other = other_of_name(wanted, renames, rename); !other.empty())
      return fail(Error(Code::usage, "--rename: " + from + " and " + other + " would both be " + to)
                      .with_hint("Give each a name of its own, or restore one alone (--only)."));
  }
  return {};
}

Result<void> check_free(const std::set<std::string>& there, const Renames& renames) {
  for (const auto& [from, to] : renames)
    if (there.contains(to))
      return fail(Error(Code::refused, "--rename: there is a collection " + to + " already, and " +
                                           from + " does not replace it")
                      .with_hint("Choose another name, or drop it there first."));
  return {};
}

std::string new_name(std::string_view collection, const Renames& renames) {
  const auto name = series_name(collection);
  const auto found = renames.find(name);
  if (found == renames.end()) return std::string(collection);
  return name == collection ? found->second : std::string(kBucketsPrefix) + found->second;
}

std::string brought_as(const std::string& name, const Renames& renames) {
  const auto found = std::ranges::find(renames, name, [](const auto& each) { return each.second; });
  return found == renames.end() || renames.contains(name) ? "" : found->first;
}

Result<Collection> renamed_collection(const Collection& collection, const Renames& renames) {
  DocumentBuilder info;
  for (const auto& field : view_document(collection.info)) {
    const bool is_of_view = collection.kind == CollectionKind::view && field.key == "options";
    if (field.key == "name")
      info.text(field.key, new_name(collection.name, renames));
    else if (is_of_view && field.holds(BsonType::document))
      info.document(field.key, renamed_options(field.inside(), renames));
    else
      info.element(field);
  }
  return check_collection(info.take(), collection.indexes);
}

Result<Catalog> renamed_catalog(const Catalog& catalog, const Renames& renames) {
  Catalog renamed{catalog.database, {}};
  for (const auto& each : catalog.collections)
    renamed.collections.push_back(TRY(renamed_collection(each, renames)));
  return renamed;
}

Accounts renamed_accounts(Accounts accounts, const std::string& database, const Renames& renames) {
  for (auto& role : accounts.roles) role = renamed_role(view_document(role), {database, renames});
  return accounts;
}

// What is said of ledgers and roles goes by names; documents are compared all the same.
Result<Json> renamed_facts(Json recorded, const Catalog& there, const Renames& renames) {
  Json collections = Json::object();
  for (const auto& [name, facts] : recorded["collections"].items())
    collections[escape_name(new_name(TRY(unescape_name(name)), renames))] = facts;
  for (const auto& each : there.collections)
    if (each.kind == CollectionKind::view)
      collections[escape_name(each.name)] = catalog_facts(each);
  recorded["collections"] = std::move(collections);
  recorded["catalog_fingerprint"] = fingerprint_of(there).hex();
  const bool makes_ledger =
      std::ranges::any_of(renames, [](const auto& each) { return is_ledger_name(each.second); });
  if (makes_ledger || !recorded.value("migrations", Json::object()).empty())
    forget_ledgers(recorded);
  recorded.erase("accounts");
  return recorded;
}

std::vector<std::string> collections_in(const Write& write) {
  return std::visit(
      [](const auto& each) -> std::vector<std::string> {
        if constexpr (requires { each.from; })
          return {each.from.collection, each.to.collection};
        else if constexpr (requires { each.where; })
          return {each.where.collection};
        else
          return {};
      },
      write);
}

Write renamed_write(Write write, const Renames& renames) {
  const auto rename = [&](Namespace& where) {
    where.collection = new_name(where.collection, renames);
  };
  std::visit(
      [&](auto& each) {
        if constexpr (requires { each.from; }) {
          rename(each.from);
          rename(each.to);
        }
        if constexpr (requires { each.where; }) rename(each.where);
        if constexpr (requires { each.command; })
          each.command = renamed_command(view_document(each.command), renames);
      },
      write);
  return write;
}

}  // namespace lifeboat::engine::mongodb
