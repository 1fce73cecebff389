#pragma once
// The part of the log from before a copy to after it, as an entry of a snapshot: replayed onto the
// copy, which is of no single moment, it leaves all collections as of one. docs/format-engines.md
// has the form.
#include "engine/engine.h"
#include "engine/mongodb/oplog.h"
#include "engine/mongodb/writes.h"

namespace lifeboat::engine::mongodb {

// The document behind the entries: what they are, and whether they may be replayed.
struct WindowEnd {
  std::string database;
  Dialect dialect = Dialect::mongodb;
  bool complete = false;  // without a gap, up to `last`
  Timestamp known;        // the last entry before the copy: what it did is in what was copied
  Timestamp last;

  bool operator==(const WindowEnd&) const = default;
};

Bytes encode_window_end(const WindowEnd& end);
// Nothing for a document that is an entry of the log.
Result<std::optional<WindowEnd>> decode_window_end(DocumentView document);

// What became of the window. Whoever reads it writes it.
struct Window {
  std::optional<SliceManifest> manifest;  // when it is complete
  std::string broken;                     // else why it is not
  bool is_needed = true;                  // the copy is of no one moment without it
  Timestamp known_until;
};

struct WindowRequest {
  const Server& server;
  ServerFacts facts;
  std::string database;
  LogEnds before;
  std::optional<Timestamp> moment{};  // of the copy, where it is of one
};

// Opened when the copy is over: from where the log was before it to where it is then, or to the
// moment of the copy; then it holds entries only for the sake of a transaction that had begun. A
// log that cannot be had whole makes a window that is not complete, and no error. `window` must
// outlive it.
Result<std::unique_ptr<Reader>> open_window(const WindowRequest& request, Window& window);

Dialect dialect_of(const ServerFacts& server);

}  // namespace lifeboat::engine::mongodb
