#pragma once
// What `status --textfile` writes for node_exporter's textfile collector: the text format of
// Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure.
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace lifeboat::cli {

// Of the answers of watched services. docs/monitoring.md says what each metric means.
std::string metrics_text(const std::vector<Json>& services, Time now);

}  // namespace lifeboat::cli
