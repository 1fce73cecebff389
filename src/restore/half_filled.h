#pragma once
// Databases on servers that a restore began to fill: notes below the state folder, so that one that
// is half filled is known for what it is, also after a kill. It is found again by what the server
// says of itself, however its address is spelled. Not thread-safe.
#include "base/file.h"
#include "base/run_context.h"
#include "restore/plan.h"

namespace lifeboat::restore {

bool is_on_server(const std::string& type);

// Before the first object is made in a place that was looked at and may be filled. Returns the
// note; empty where there is nothing to note or no folder for it.
Result<fs::path> begin_filling(const Plan& plan, const PlanItem& item, const RunContext& context);
// All of it is there.
Result<void> end_filling(const fs::path& note);

// No restore goes on in a database, which may be neither what it was nor what it becomes: `refused`
// unless it may be overwritten, and then told.
Result<void> check_half_filled(const Plan& plan, const PlanItem& item,
                               const engine::Identity& there, const RunContext& context);
// The places of the plan where one has not ended, for people.
std::vector<std::string> half_filled_places(const Plan& plan);

// What to do about them: no restore goes on in a database.
inline constexpr std::string_view kAfterHalfFilled =
    "Drop that database by hand, or restore into another one. --delete --no-snapshot fills it "
    "anew.";

// What to do after an interruption: folders go on.
std::string hint_after_interruption(const Plan& plan);

}  // namespace lifeboat::restore
