#pragma once
// What a replay of the log does to a server, as values: each may be done twice without harm. The
// engine's target carries them out; databases say which command each one is.
#include <string>
#include <variant>
#include <vector>

#include "engine/mongodb/diff.h"
#include "engine/mongodb/oplog_entry.h"

namespace lifeboat::engine::mongodb {

// replaceOne(filter, document). Without `upsert` a document that is not there was deleted later.
struct Replace {
  Namespace where;
  Bytes filter;
  Bytes document;
  bool upsert = false;
  bool operator==(const Replace&) const = default;
};

// updateOne(filter, {$set, $unset}). A document that is not there was deleted later.
struct Update {
  Namespace where;
  Bytes filter;
  Bytes operators;
  bool operator==(const Update&) const = default;
};

// Fetch by the filter, apply_diff(), replace. A document that is not there was deleted later.
struct ApplyDiff {
  Namespace where;
  Bytes filter;
  Bytes diff;
  PresentField present = PresentField::moved;
  bool operator==(const ApplyDiff&) const = default;
};

// deleteOne(filter); it may be gone.
struct Delete {
  Namespace where;
  Bytes filter;
  bool operator==(const Delete&) const = default;
};

// Run the command unless the collection is there with equal options.
struct Create {
  Namespace where;
  Bytes command;  // {create: …}
  bool operator==(const Create&) const = default;
};

// Drop a collection or a view, if it is there, and forget its indexes.
struct Drop {
  Namespace where;
  bool operator==(const Drop&) const = default;
};

struct DropDatabase {
  std::string database;
  bool operator==(const DropDatabase&) const = default;
};

// When the source is not there and the target is, it has been done.
struct Rename {
  Namespace from;
  Namespace to;
  bool drop_target = false;
  bool operator==(const Rename&) const = default;
};

// {collMod: …} without a part about an index.
struct ModifyCollection {
  Namespace where;
  Bytes command;
  bool operator==(const ModifyCollection&) const = default;
};

// Indexes are built when the replay is over: until then these change a list (pending indexes),
// because a unique one would refuse what is written a second time.
struct AddIndexes {
  Namespace where;
  std::vector<Bytes> specs;
  bool operator==(const AddIndexes&) const = default;
};

// By name, by key, or all but that of _id.
struct RemoveIndex {
  Namespace where;
  std::string name;  // empty: by key; "*": all
  Bytes key;
  bool operator==(const RemoveIndex&) const = default;
};

// {name or keyPattern, expireAfterSeconds, hidden …}, as collMod has it.
struct ModifyIndex {
  Namespace where;
  Bytes index;
  bool operator==(const ModifyIndex&) const = default;
};

// {convertToCapped: …} or {emptycapped: …}
struct RunCapped {
  Namespace where;
  Bytes command;
  bool operator==(const RunCapped&) const = default;
};

using Write = std::variant<Replace, Update, ApplyDiff, Delete, Create, Drop, DropDatabase, Rename,
                           ModifyCollection, AddIndexes, RemoveIndex, ModifyIndex, RunCapped>;

// How updates of this log are to be read.
enum class Dialect : std::uint8_t {
  mongodb,
  ferretdb,  // {$v: 1, $set: the whole document}: a replacement when $set._id is o2._id
};

// The writes of one operation that is no transaction and no applyOps; none for what changes no
// data. `unsupported_format` for a command that is not known or cannot be replayed, `corrupt` for
// what is not as servers write it.
Result<std::vector<Write>> writes_of(const OplogEntry& entry, Dialect dialect);

}  // namespace lifeboat::engine::mongodb
