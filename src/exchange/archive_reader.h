#pragma once
// Reads the archives of mongodump (--archive) out of chunks of any size: a prelude that names the
// collections, then their documents in segments that take turns, each collection closed by a
// CRC-64 of its documents. Archives are untrusted: everything is bounded. One thread at a time.
#include <map>
#include <string>

#include "engine/mongodb/bson.h"
#include "exchange/crc64.h"

namespace lifeboat::exchange {

inline constexpr std::uint32_t kArchiveMagic = 0x8199e26d;  // the first four bytes, little-endian

struct ArchiveHead {
  std::string format_version;
  std::string server_version;
  std::string tool_version;
};

struct ArchiveCollection {
  std::string database;
  std::string collection;
  std::string type;      // "collection", "view", "timeseries"; empty in older archives
  std::string metadata;  // Extended JSON: {options, indexes, uuid …}; empty with its documents

  std::string name() const { return database + "." + collection; }
  // The log of `mongodump --oplog` is of no database.
  bool is_log() const { return database.empty(); }
  bool is_series() const { return type == "timeseries"; }
  // The name under which its documents are: of a time series that of its buckets, which have no
  // metadata of their own.
  std::string stored_name() const;
};

// Of a dump of 8.3 or later, whose time series have no buckets: its documents are under its own
// name, in a form that is not known here.
Failure refuse_without_buckets(const ArchiveCollection& series);

// The metadata of all collections of a dump, which whoever reads it keeps.
class MetadataBound {
 public:
  // `refused` when it is more than one keeps.
  Result<void> add(std::size_t bytes);

 private:
  std::size_t bytes_ = 0;
};

// Gets what an archive holds, in its order; an error ends the reading.
class ArchiveVisitor {
 public:
  virtual ~ArchiveVisitor() = default;
  virtual Result<void> head(const ArchiveHead& head) = 0;
  virtual Result<void> collection(const ArchiveCollection& collection) = 0;
  virtual Result<void> document(const ArchiveCollection& of,
                                engine::mongodb::DocumentView document) = 0;
  // All documents were there and their checksum is right.
  virtual Result<void> complete(const ArchiveCollection& collection, std::uint64_t documents) = 0;
};

class ArchiveReader {
 public:
  // Takes the next bytes; after an error nothing more may be fed. `corrupt` names the byte of the
  // archive, `unsupported_format` tells that it is none, or of another version, `refused` that its
  // metadata is more than one keeps, or a time series in it without buckets.
  Result<void> feed(ByteView chunk, ArchiveVisitor& visitor);
  // The archive is over: `corrupt` names the collections that are not complete.
  Result<void> finish() const;

 private:
  enum class Part : std::uint8_t { magic, head, prelude, header, body };

  struct Progress {
    ArchiveCollection about;
    Crc64 crc;
    std::uint64_t documents = 0;
    bool complete = false;
  };

  static Progress begun(const ArchiveCollection& about);
  Result<std::size_t> size_of(ByteView start) const;
  Result<void> pass(ByteView unit, ArchiveVisitor& visitor);
  Result<void> end_part();
  Result<void> take_head(engine::mongodb::DocumentView document, ArchiveVisitor& visitor);
  Result<void> take_collection(engine::mongodb::DocumentView document, ArchiveVisitor& visitor);
  Result<void> take_header(engine::mongodb::DocumentView document, ArchiveVisitor& visitor);
  Result<void> take_document(engine::mongodb::DocumentView document, ArchiveVisitor& visitor);
  bool is_complete(const ArchiveCollection& about) const;
  Failure wrong(const std::string& what) const;

  Part part_ = Part::magic;
  Bytes begun_;  // of a document that a chunk cut
  std::uint64_t position_ = 0;
  MetadataBound metadata_;
  std::map<std::string, Progress> collections_;
  Progress* current_ = nullptr;
};

}  // namespace lifeboat::exchange
