#pragma once
// Indexes of time series: a server lists them as they were made, and logs them as it keeps them, on
// the buckets. Pure functions.
#include "engine/mongodb/catalog.h"

namespace lifeboat::engine::mongodb {

// {key: {"control.min.t": 1, "control.max.t": 1}, …} of buckets as {key: {t: 1}, …} of the time
// series with these options. `unsupported_format` for one that no such key makes.
Result<Bytes> index_of_series(DocumentView of_buckets, DocumentView options);

}  // namespace lifeboat::engine::mongodb
