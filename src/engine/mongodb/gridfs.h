#pragma once
// Whether each file that GridFS keeps in X.files and X.chunks has all of its chunks: noticed in the
// pass that reads both, in any order and with little memory however many there are. Thread-safe;
// what it gave to watch with goes on living without it.
#include "base/json.h"
#include "engine/mongodb/catalog.h"
#include "engine/mongodb/collection_scan.h"

namespace lifeboat::engine::mongodb {

class GridFs {
 public:
  static Result<GridFs> begin(const Catalog& catalog);

  // What is to see every document of this collection, once; null for one that is called otherwise.
  Watch watch(const std::string& collection) const;

  // By X, escaped: `files`, `chunks`, how many files are `damaged`, `orphans` (chunks of no file),
  // and of the damaged ones the `first`, in words. Only where documents have the form that
  // https://github.com/mongodb/specifications/blob/master/source/gridfs/gridfs-spec.md gives them.
  Result<Json> finish() const;

 private:
  class Notes;
  explicit GridFs(std::shared_ptr<Notes> notes) : notes_(std::move(notes)) {}

  std::shared_ptr<Notes> notes_;  // none: no collection is called so
};

}  // namespace lifeboat::engine::mongodb
