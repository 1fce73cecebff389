#include "drill/action_items.h"

#include <algorithm>

#include "crypto/hash.h"
#include "drill/render/view.h"

namespace lifeboat::drill {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kIdLength = 10;
constexpr std::size_t kMaxItems = 1000;
constexpr Duration kGrave = 24h * 7;   // to mend what makes the backup bad …
constexpr Duration kOther = 24h * 30;  // … and what only may

// They say something of the moment, not of anything that could be mended later.
bool passes_by(const Diagnosis& diagnosis) {
  return diagnosis.rule == "interrupted" || diagnosis.rule == "other-run";
}

ActionItem item_of(const Diagnosis& diagnosis, Time now) {
  ActionItem item;
  item.id = item_id(diagnosis);
  item.diagnosis = diagnosis;
  item.since = now;
  item.due = now + (diagnosis.grave ? kGrave : kOther);
  item.seen = true;
  return item;
}

Result<ActionItem> read_item(const Json& json) {
  ActionItem item;
  item.id = TRY(text_at(json, "id"));
  item.since = TRY(parse_rfc3339(TRY(text_at(json, "since"))));
  item.due = TRY(parse_rfc3339(TRY(text_at(json, "due"))));
  auto& what = item.diagnosis;
  what = {text_in(json, {"rule"}),           text_in(json, {"subject"}), text_in(json, {"cause"}),
          text_in(json, {"grounds"}),        text_in(json, {"next"}),    text_in(json, {"owner"}),
          text_in(json, {"grave"}) == "true"};
  return item;
}

void take_item(std::vector<ActionItem>& items, ActionItem now) {
  const auto same =
      std::find_if(items.begin(), items.end(), [&](const auto& each) { return each.id == now.id; });
  if (same == items.end()) {
    if (items.size() < kMaxItems) items.push_back(std::move(now));
    return;
  }
  now.since = same->since;
  now.due = same->due;
  *same = std::move(now);
}

}  // namespace

std::string item_id(const Diagnosis& diagnosis) {
  return crypto::sha256(view_of(diagnosis.rule + '\0' + diagnosis.subject))
      .hex()
      .substr(0, kIdLength);
}

std::vector<ActionItem> open_items(const SignedRecord& record,
                                   const std::vector<Resolution>& resolutions) {
  std::vector<ActionItem> open;
  const auto written = parse_rfc3339(text_in(record.evidence, {"started"}));
  for (const auto& json : list_in(record.evidence, "open")) {
    auto item = read_item(json);
    if (!item || !written) continue;
    const bool closed =
        std::any_of(resolutions.begin(), resolutions.end(), [&](const auto& resolution) {
          return resolution.item == item->id && resolution.said >= *written;
        });
    if (!closed) open.push_back(std::move(*item));
  }
  return open;
}

void carry_items(Report& report, const History& history) {
  if (!history.records.empty())
    report.items = open_items(history.records.back(), history.resolutions);
  for (const auto& diagnosis : report.diagnoses)
    if (!passes_by(diagnosis)) take_item(report.items, item_of(diagnosis, report.started));
}

}  // namespace lifeboat::drill
