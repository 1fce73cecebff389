#pragma once
// Where one entry of a MongoDB source goes back: documents into their collection, in order and in
// batches; or the catalog, which is only kept. One thread at a time.
#include <functional>

#include "engine/engine.h"
#include "engine/mongodb/document_digest.h"
#include "engine/mongodb/location.h"

namespace lifeboat::engine::mongodb {

// Is told what of the content is not there in the end: documents that came once more, with the same
// _id. A server gives one twice that was deleted and made again while it was read; the later
// counts.
// Empty where that cannot be: then one that is there already ends it (`exists`).
using KeepTwice = std::function<void(const DocumentSum&)>;

// The collection is there and empty. Holds one connection until it goes.
std::unique_ptr<Sink> make_documents_sink(const Location& location, std::string collection,
                                          KeepTwice keep_twice);

// Of what the server cannot have: it is read, and kept nowhere.
std::unique_ptr<Sink> make_lost_sink();

class KeptWindow;
// The log goes into a file of its own, and waits there.
std::unique_ptr<Sink> make_log_sink(KeptWindow& window);

// Gives the catalog away when all of it has come and can be read.
using KeepCatalog = std::function<Result<void>(Bytes)>;
std::unique_ptr<Sink> make_catalog_sink(KeepCatalog keep);

}  // namespace lifeboat::engine::mongodb
