#include "drill/render/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "drill/render/checklist.h"
#include "drill/render/page_style.h"

namespace lifeboat::drill {
namespace {

constexpr std::size_t kDate = 10;  // "2026-11-21"

std::string escape(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string text(const Json& json, std::initializer_list<const char*> path) {
  return escape(text_in(json, path));
}

std::string moment(const Json& json, std::initializer_list<const char*> path) {
  return escape(moment_in(json, path));
}

// A word of ours as a CSS class: what is not one of ours becomes none.
std::string class_of(const std::string& word) {
  static constexpr std::array<std::string_view, 11> kWords{
      "passed", "warned",  "failed", "not_run", "waived",    "met",
      "missed", "stopped", "done",   "good",    "not_judged"};
  return std::find(kWords.begin(), kWords.end(), word) == kWords.end() ? "" : word;
}

std::string_view tone_class(Tone tone) {
  static constexpr std::array<std::string_view, 4> kNames{"good", "waived", "bad", "open"};
  return kNames[static_cast<std::size_t>(tone)];
}

std::string shown_outcome(const std::string& outcome) {
  return outcome == "not_run" ? "not run" : escape(outcome);
}

std::string headline(const Json& evidence) {
  const auto said = headline_of(evidence);
  return fmt::format(
      "<header class=\"{}\"><p class=\"verdict\">{}</p><h1>{}</h1><p>{}</p></header>",
      tone_class(said.tone), escape(said.verdict), said.meaning, text(evidence, {"reason"}));
}

std::string next_step(const Json& evidence) {
  const auto& list = list_in(evidence, "diagnosis");
  if (list.empty()) return "";
  std::string html = "<h2>What is wrong, and what to do</h2><ul class=\"rows\">";
  for (const auto& each : list)
    html += fmt::format(
        "<li><p><strong>{}</strong></p><p>{}</p><p class=\"next\">Next, for the {}: "
        "<code>{}</code></p><p class=\"dim\">{} · {}</p></li>",
        text(each, {"cause"}), text(each, {"grounds"}), text(each, {"owner"}), text(each, {"next"}),
        text(each, {"subject"}), text(each, {"rule"}));
  return html + "</ul>";
}

std::string fact(std::string_view name, const std::string& value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, value.empty() ? "–" : value);
}

std::string objective(const Json& evidence, const char* name) {
  const auto judgement = class_of(text_in(evidence, {"measures", name, "judgement"}));
  const auto said = escape(objective_in(evidence, name));
  return judgement.empty() || judgement == "not_judged"
             ? said
             : fmt::format("<b class=\"{}\">{}</b>", judgement, said);
}

std::string summary(const Json& evidence) {
  const auto& measures = object_in(evidence, "measures");
  const auto& snapshot = object_in(evidence, "snapshot");
  std::string html = "<dl>";
  html += fact("Service", text(evidence, {"service"}) + " / " + text(evidence, {"drill"}));
  html += fact("Owner", text(evidence, {"owner"}));
  html += fact("Drilled", moment(evidence, {"started"}));
  html += fact("Where", escape(place_in(evidence)));
  if (evidence.contains("combined_with"))
    html += fact("Together with", text(evidence, {"combined_with"}));
  for (const auto& subject : subjects_in(evidence))
    html += fact(snapshot.empty() ? "Backup" : "Snapshot", escape(subject));
  html += fact("Recovery time (RTO)", objective(evidence, "rto") + "<br><span class=\"dim\">" +
                                          text(measures, {"rto", "covers"}) + "</span>");
  if (const auto projected = projection_in(evidence); !projected.empty())
    html += fact("Recovery time with tier full", escape(projected));
  html += fact("Data loss window (RPO)", objective(evidence, "rpo"));
  html += fact("Lost writes", escape(lost_writes_in(evidence)));
  html += fact("Restored",
               describe_size(static_cast<std::uint64_t>(number_in(measures, "bytes_restored"))) +
                   " in " + text(measures, {"entries_restored"}) + " entries");
  for (const auto& each : forecast_in(evidence)) html += fact(each.what, escape(each.text));
  html += fact("Repository", text(evidence, {"repository", "medium"}));
  return html + "</dl>";
}

std::string mark_of(const std::string& outcome) {
  if (outcome == "passed") return "✓";
  if (outcome == "failed") return "✗";
  return outcome == "not_run" ? "–" : "!";
}

std::string checklist_section(const Json& evidence) {
  std::string html = "<h2>Checklist</h2><ul class=\"rows\">";
  for (const auto& item : checklist_of(evidence))
    html += fmt::format(
        "<li><b class=\"mark {0}\">{1}</b> {2} <span class=\"dim\">{3}</span>"
        "<p class=\"dim\"><b class=\"{0}\">{4}</b> {5}</p></li>",
        class_of(item.outcome), mark_of(item.outcome), escape(item.text), escape(item.step),
        shown_outcome(item.outcome), escape(item.note));
  return html + "</ul>";
}

// Bars in sequence: a person sees at once where the time went.
std::string waterfall(const Json& evidence) {
  const auto& stages = list_in(evidence, "stages");
  std::int64_t total = 1;
  for (const auto& stage : stages) total += number_in(stage, "milliseconds");
  std::string html = "<h2>Stages</h2><table class=\"stages\"><tbody>";
  double start = 0;
  for (const auto& stage : stages) {
    const double width =
        100.0 * static_cast<double>(number_in(stage, "milliseconds")) / static_cast<double>(total);
    html += fmt::format(
        "<tr class=\"{}\"><th>{}</th><td class=\"time\">{}</td><td class=\"bar\"><span "
        "style=\"margin-left:{:.2f}%;width:max(2px,{:.2f}%)\"></span>{}</td></tr>",
        class_of(text_in(stage, {"outcome"})), text(stage, {"name"}),
        elapsed_in(stage, "milliseconds"), std::min(start, 99.0), width, text(stage, {"error"}));
    start += width;
  }
  return html + "</tbody></table>";
}

// Green only for what was done in time.
std::string_view runbook_class(const std::string& outcome) {
  if (outcome == "done") return "passed";
  if (outcome == "failed") return "failed";
  return outcome == "not_reached" ? "not_run" : "warned";
}

std::string runbook_section(const Json& evidence) {
  const auto& list = list_in(evidence, "runbook");
  if (list.empty()) return "";
  std::string html = "<h2>Runbook</h2><ul class=\"rows\">";
  for (const auto& line : list)
    html += fmt::format(
        "<li><b class=\"{}\">{}</b> {} <span class=\"dim\">{}</span><p class=\"dim\">took {}, "
        "allowed {}</p></li>",
        runbook_class(text_in(line, {"outcome"})), escape(runbook_word(line)), text(line, {"step"}),
        text(line, {"of"}), elapsed_in(line, "milliseconds"), elapsed_in(line, "allowed_ms"));
  return html + "</ul>";
}

std::string details_of(const Json& check) {
  const auto& details = list_in(check, "details");
  if (details.empty()) return "";
  std::string html = "<details><summary>Details</summary><ul>";
  for (const auto& each : details)
    html += "<li>" + (each.is_string() ? escape(each.get<std::string>()) : "") + "</li>";
  return html + "</ul></details>";
}

std::string waiver_of(const Json& check) {
  const auto waived = text(check, {"waived"});
  return waived.empty() ? "" : "<p><b class=\"waived\">" + waived + "</b></p>";
}

std::string checks_section(const Json& evidence) {
  std::string html = "<h2>Checks</h2><ul class=\"rows\">";
  for (const auto& check : list_in(evidence, "checks")) {
    const auto outcome = text_in(check, {"outcome"});
    html += fmt::format(
        "<li><b class=\"{}\">{}</b> <code>{}</code><p>{}</p>{}<p class=\"proves\">Proves: {}</p>{}"
        "</li>",
        class_of(outcome), shown_outcome(outcome), text(check, {"id"}), text(check, {"message"}),
        waiver_of(check), text(check, {"proves"}), details_of(check));
  }
  return html + "</ul>";
}

// One row of bars for a measure of the earlier drills and this one.
std::string bars(const Json& trend, const char* key, const std::string& title) {
  std::int64_t most = 1;
  for (const auto& point : trend) most = std::max(most, number_in(point, key));
  std::string html = "<p class=\"dim\">" + title + "</p><div class=\"trend\">";
  for (const auto& point : trend) {
    const auto verdict = text_in(point, {"verdict"});
    const auto tone = verdict == "proven" ? "" : verdict == "failed" ? "bad" : "open";
    html += fmt::format("<span class=\"{}{}\" style=\"height:{:.1f}%\" title=\"{} {}: {}\"></span>",
                        tone, point == trend.back() ? " now" : "",
                        std::max(2.0, 100.0 * static_cast<double>(number_in(point, key)) /
                                          static_cast<double>(most)),
                        moment(point, {"started"}), escape(verdict), text(point, {key}));
  }
  return html + "</div>";
}

std::string trend(const Json& evidence) {
  Json points = list_in(evidence, "trend");
  if (points.empty()) return "";
  const auto& rto = object_in(object_in(evidence, "measures"), "rto");
  points.push_back({{"started", text_in(evidence, {"started"})},
                    {"verdict", text_in(evidence, {"verdict"})},
                    {"bytes", bytes_in(evidence)}});
  if (rto.contains("measured_ms")) points.back()["rto_ms"] = number_in(rto, "measured_ms");
  const auto& last = points.back();
  return "<h2>Trend</h2>" +
         bars(points, "rto_ms",
              "Recovery time of the last drills; this one " + elapsed_in(last, "rto_ms")) +
         bars(points, "bytes",
              "Size of what was restored; this one " +
                  describe_size(static_cast<std::uint64_t>(number_in(last, "bytes"))));
}

std::string open_items_section(const Json& evidence) {
  const auto& list = list_in(evidence, "open");
  if (list.empty()) return "<h2>Open</h2><p>Nothing.</p>";
  std::string html = "<h2>Open, until somebody closes it</h2><ul class=\"rows\">";
  for (const auto& each : list) {
    const bool late = text_in(each, {"due"}) < text_in(evidence, {"ended"});
    html += fmt::format(
        "<li><code>{}</code> <strong>{}</strong> {}<p>{}</p>"
        "<p class=\"dim\">since {}, {} {} · for the {}</p></li>",
        text(each, {"id"}), text(each, {"cause"}),
        text_in(each, {"seen"}) == "true" ? "" : "<span class=\"dim\">not met this time</span>",
        text(each, {"grounds"}), text(each, {"since"}).substr(0, kDate),
        late ? "<b class=\"missed\">was due</b>" : "due", text(each, {"due"}).substr(0, kDate),
        text(each, {"owner"}));
  }
  return html + "</ul>";
}

std::string findings_section(const Json& evidence) {
  const auto& list = list_in(evidence, "findings");
  if (list.empty()) return "<h2>Findings</h2><p>None.</p>";
  std::string html = "<h2>Findings</h2><ul class=\"rows\">";
  for (const auto& each : list)
    html += fmt::format("<li><b>{}</b> {}: {}</li>", text(each, {"code"}), text(each, {"subject"}),
                        text(each, {"message"}));
  return html + "</ul>";
}

std::string people_section(const Json& sign_offs) {
  if (sign_offs.is_null())
    return "<h2>Signed off by</h2><p>Not known: the repository did not answer.</p>";
  if (sign_offs.empty()) return "<h2>Signed off by</h2><p>Nobody yet.</p>";
  std::string html = "<h2>Signed off by</h2><ul class=\"rows\">";
  for (const auto& each : sign_offs)
    html += fmt::format(
        "<li>{}{} ({}), {}, as <b>{}</b>: {}<p class=\"dim\">key <code>{}</code></p></li>",
        text_in(each, {"revoked"}) == "true" ? "<b class=\"failed\">revoked</b> " : "",
        text(each, {"name"}), text(each, {"role"}), moment(each, {"time"}), text(each, {"verdict"}),
        text(each, {"comment"}), text(each, {"key"}));
  return html + "</ul>";
}

std::string tear_down_section(const Json& evidence) {
  const auto& proof = object_in(evidence, "tear_down");
  if (proof.empty()) return "<h2>Tear-down</h2><p>Nothing had been made.</p>";
  std::string html =
      fmt::format("<h2>Tear-down</h2><p>Run token <code>{}</code>. ", text(proof, {"token"}));
  for (const auto& each : list_in(proof, "removed"))
    html += "Verified gone: <code>" + escape(canonical_json(each)) + "</code> ";
  for (const auto& each : list_in(proof, "remaining"))
    html +=
        "<b class=\"failed\">still there:</b> <code>" + escape(canonical_json(each)) + "</code> ";
  if (text_in(proof, {"vanished"}) == "true")
    html += "<b class=\"failed\">Somebody else removed or exchanged the sandbox.</b>";
  return html + "</p>";
}

std::string footer(const SignedRecord& record) {
  const Json& evidence = record.evidence;
  return fmt::format(
      "<footer><p>Drill {} on {}, Lifeboat {}. Record <code>{}</code>, number {} of its chain, "
      "signed (Ed25519) by {} with the key <code>{}</code>, for which the repository's key "
      "<code>{}</code> vouches. Check the JSON beside this page with "
      "<code>lifeboat drill verify-evidence FILE --key KEY</code>.</p></footer>",
      text(evidence, {"id"}), escape(place_in(evidence)), text(evidence, {"version"}),
      escape(record.digest), text(evidence, {"chain", "position"}), escape(record.signer),
      escape(record.signer_key), escape(record.root_public));
}

}  // namespace

std::string render_page(const Dossier& dossier) {
  const Json& evidence = dossier.record.evidence;
  return fmt::format(
             "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
             "<link rel=\"icon\" href=\"data:,\"><title>{0}: drill of {1}</title>"
             "<style>{2}</style></head><body><main>",
             text(evidence, {"verdict"}), text(evidence, {"service"}), kPageStyle) +
         headline(evidence) + next_step(evidence) + summary(evidence) +
         checklist_section(evidence) + waterfall(evidence) + runbook_section(evidence) +
         trend(evidence) + checks_section(evidence) + findings_section(evidence) +
         open_items_section(evidence) + people_section(dossier.sign_offs) +
         tear_down_section(evidence) + footer(dossier.record) + "</main></body></html>\n";
}

}  // namespace lifeboat::drill
