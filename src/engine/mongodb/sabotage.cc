#include "engine/mongodb/sabotage.h"

#include <algorithm>
#include <array>

#include "engine/mongodb/accounts.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/collection_scan.h"
#include "engine/mongodb/ledgers.h"
#include "engine/mongodb/location.h"

namespace lifeboat::engine::mongodb {
namespace {

using Planted = Result<std::optional<std::string>>;
const std::optional<std::string> kNothing;

// The database as a saboteur sees it.
class Victim {
 public:
  static Result<Victim> open(const std::string& place) {
    auto location = TRY(locate(place));
    auto catalog = TRY(read_catalog(location.server->connect(), location.database));
    return Victim(std::move(location), std::move(catalog));
  }

  Planted drop_collection() const {
    const auto largest = TRY(largest_collection());
    if (largest.empty()) return kNothing;
    TRY(run(DocumentBuilder().text("drop", largest).take()));
    return "dropped the collection " + largest;
  }

  Planted empty_collection() const {
    const auto largest = TRY(largest_collection());
    if (largest.empty()) return kNothing;
    TRY(remove(largest, DocumentBuilder().take(), 0));
    return "emptied " + largest;
  }

  Planted lose_document() const {
    return lose_last_of(TRY(largest_collection()), "deleted the last document of ");
  }

  // A field more is as much of a change as another value, and every document takes it.
  Planted change_document() const {
    const auto largest = TRY(largest_collection());
    const auto last = TRY(last_document(largest));
    if (last.empty()) return kNothing;
    const auto set = DocumentBuilder()
                         .document("$set", DocumentBuilder().boolean("sabotaged", true).take())
                         .take();
    ArrayBuilder updates;
    updates.document(DocumentBuilder()
                         .document("q", filter_of_id(view_document(last)))
                         .document("u", set)
                         .take());
    TRY(run(DocumentBuilder().text("update", largest).array("updates", updates.take()).take()));
    return "changed the last document of " + largest;
  }

  Planted drop_index() const {
    for (const auto& collection : catalog_.collections)
      for (const auto& index : collection.indexes) {
        const auto name = TRY(DocumentView::check(index)).text_at("name").value_or("_id_");
        if (name == "_id_") continue;
        TRY(run(DocumentBuilder().text("dropIndexes", collection.name).text("index", name).take()));
        return "dropped the index " + std::string(name) + " of " + collection.name;
      }
    return kNothing;
  }

  Planted lose_migration() const {
    return lose_last_of(first_ledger(catalog_), "deleted the last migration of ");
  }

  Planted lose_chunk() const {
    for (const auto& each : catalog_.collections)
      if (each.name.ends_with(".chunks"))
        return lose_last_of(each.name, "deleted the last chunk of ");
    return kNothing;
  }

  Planted drop_user() const {
    const auto accounts = TRY(kept_accounts());
    if (accounts.users.empty()) return kNothing;
    const auto name = name_in(accounts.users.back(), "user");
    TRY(run(DocumentBuilder().text("dropUser", name).take()));
    return "dropped the user " + name;
  }

  // A role that was made for this database, or what else a user may do.
  Planted change_role() const {
    const auto accounts = TRY(kept_accounts());
    if (!accounts.roles.empty()) return change_rights(accounts.roles.back());
    for (const auto& user : accounts.users) {
      const auto roles = view_document(user).find("roles");
      if (!roles || roles->inside().empty()) continue;
      const auto name = name_in(user, "user");
      TRY(run(
          DocumentBuilder().text("updateUser", name).array("roles", ArrayBuilder().take()).take()));
      return "took all roles from the user " + name;
    }
    return kNothing;
  }

 private:
  Victim(Location location, Catalog catalog)
      : location_(std::move(location)), catalog_(std::move(catalog)) {}

  Result<Bytes> run(const Bytes& command) const {
    return location_.server->connect().command(location_.database, command);
  }

  Result<Accounts> kept_accounts() const {
    auto accounts = TRY(read_accounts(location_.server->connect(), location_.database));
    return std::move(accounts).value_or(Accounts{});
  }

  static std::string name_in(const Bytes& account, std::string_view key) {
    return std::string(view_document(account).text_at(key).value_or(""));
  }

  // One that allows nothing of its own allows to read then.
  Planted change_rights(const Bytes& role) const {
    const auto privileges = view_document(role).find("privileges");
    const bool has_any = privileges && !privileges->inside().empty();
    ArrayBuilder changed;
    if (!has_any)
      changed.document(
          DocumentBuilder()
              .document(
                  "resource",
                  DocumentBuilder().text("db", location_.database).text("collection", "").take())
              .array("actions", ArrayBuilder().text("find").take())
              .take());
    const auto name = name_in(role, "role");
    TRY(run(DocumentBuilder().text("updateRole", name).array("privileges", changed.take()).take()));
    return "changed what the role " + name + " allows";
  }

  Planted lose_last_of(const std::string& collection, const std::string& said) const {
    const auto last = TRY(last_document(collection));
    if (last.empty()) return kNothing;
    TRY(remove(collection, filter_of_id(view_document(last)), 1));
    return said + collection;
  }

  // `limit` 0 is every document that the filter matches.
  Result<void> remove(const std::string& collection, const Bytes& filter,
                      std::int32_t limit) const {
    ArrayBuilder deletes;
    deletes.document(DocumentBuilder().document("q", filter).int32("limit", limit).take());
    TRY(run(DocumentBuilder().text("delete", collection).array("deletes", deletes.take()).take()));
    return {};
  }

  // Of those that lose documents when they are told to: capped ones do not.
  Result<std::string> largest_collection() const {
    std::string largest;
    std::int64_t most = 0;
    for (const auto& each : catalog_.collections) {
      if (each.kind != CollectionKind::collection || is_capped(each)) continue;
      const auto reply = TRY(run(DocumentBuilder().text("count", each.name).take()));
      const auto counted = TRY(DocumentView::check(reply)).find("n");
      const auto documents = counted ? counted->integer().value_or(0) : 0;
      if (documents <= most) continue;
      most = documents;
      largest = each.name;
    }
    return largest;
  }

  // Empty when there is none.
  Result<Bytes> last_document(const std::string& collection) const {
    if (collection.empty()) return Bytes();
    const auto connection = location_.server->connect();
    const auto command = DocumentBuilder()
                             .text("find", collection)
                             .document("sort", DocumentBuilder().int32("_id", -1).take())
                             .int32("limit", 1)
                             .take();
    auto cursor = TRY(connection.open_cursor(location_.database, command, 1));
    return to_bytes(TRY(cursor.next()));
  }

  Location location_;
  Catalog catalog_;
};

using Plant = Planted (*)(const Victim& victim);

struct Way {
  const char* name;
  const char* caught_by;
  const char* explained_by;
  Plant plant;
};

constexpr std::array kWays{
    Way{"collection-dropped", "catalog", "table-lost",
        [](const Victim& victim) { return victim.drop_collection(); }},
    Way{"collection-emptied", "counts", "rows-lost",
        [](const Victim& victim) { return victim.empty_collection(); }},
    Way{"document-lost", "counts", "rows-lost",
        [](const Victim& victim) { return victim.lose_document(); }},
    Way{"document-changed", "digests", "values-changed",
        [](const Victim& victim) { return victim.change_document(); }},
    Way{"index-missing", "catalog", "index-lost",
        [](const Victim& victim) { return victim.drop_index(); }},
    Way{"migration-lost", "counts", "rows-lost",
        [](const Victim& victim) { return victim.lose_migration(); }},
    Way{"gridfs-chunk-lost", "gridfs", "gridfs-hole",
        [](const Victim& victim) { return victim.lose_chunk(); }},
    Way{"user-dropped", "accounts", "account-lost",
        [](const Victim& victim) { return victim.drop_user(); }},
    Way{"role-changed", "accounts", "account-changed",
        [](const Victim& victim) { return victim.change_role(); }},
};

}  // namespace

std::vector<Defect> mongodb_defects() {
  std::vector<Defect> defects;
  for (const auto& way : kWays) defects.push_back({way.name, {way.caught_by}, {way.explained_by}});
  return defects;
}

Result<std::optional<std::string>> plant_defect(const std::string& defect,
                                                const std::string& place) {
  const auto way = std::ranges::find(kWays, defect, &Way::name);
  if (way == kWays.end())
    return fail(Code::usage, "there is no defect \"" + defect + "\" of a MongoDB source");
  return way->plant(TRY(Victim::open(place)));
}

}  // namespace lifeboat::engine::mongodb
