// What the stand-in is among the members of a replica set.
#include <algorithm>

#include "base/bytes.h"
#include "engine/mongodb/test_stand_in_model.h"

namespace lifeboat::engine::mongodb::testing {

void StandInModel::set_primary(bool primary) {
  const std::scoped_lock lock(mutex_);
  primary_ = primary;
}

void StandInModel::set_members(Members members) {
  const std::scoped_lock lock(mutex_);
  members_ = std::move(members);
}

void StandInModel::set_lag(std::uint32_t seconds) {
  const std::scoped_lock lock(mutex_);
  lag_ = seconds;
}

void StandInModel::tell_members(DocumentBuilder& reply) const {
  // One that was taken out of the set is no secondary either.
  const bool is_member = members_.all.empty() || std::ranges::count(members_.all, members_.own) > 0;
  reply.text("setName", "rs0").boolean("secondary", !primary_ && is_member);
  if (!members_.all.empty()) {
    ArrayBuilder hosts;
    for (const auto& each : members_.all) hosts.text(each);
    reply.array("hosts", hosts.take()).text("me", members_.own);
    if (!members_.primary.empty()) reply.text("primary", members_.primary);
  }
  auto written = now();
  written.seconds -= lag_;
  const auto place = DocumentBuilder().timestamp("ts", written).int64("t", 1).take();
  ByteWriter moment;
  moment.u64(std::uint64_t{written.seconds} * 1000);
  DocumentBuilder writes;
  for (const auto* each : {"opTime", "majorityOpTime"}) writes.document(each, place);
  for (const auto* each : {"lastWriteDate", "majorityWriteDate"})
    writes.element(each, Element{BsonType::date, {}, moment.bytes(), {}});
  reply.document("lastWrite", writes.take());
}

// As the driver says to a member that it was told to ask alone.
void StandInModel::check_secondary_will_do(const Request& request) const {
  static const std::set<std::string_view> kReads{"aggregate", "count",          "dbStats",
                                                 "find",      "listIndexes",    "rolesInfo",
                                                 "usersInfo", "listCollections"};
  if (primary_ || !kReads.contains(request.name) || request.command.find("$readPreference")) return;
  throw Refusal{13435, "NotPrimaryNoSecondaryOk", "not primary and secondaryOk=false"};
}

void StandInModel::check_primary(const Request& request) const {
  if (!primary_)
    throw Refusal{10107, "NotWritablePrimary", "not primary, and this is " + request.name};
}

}  // namespace lifeboat::engine::mongodb::testing
