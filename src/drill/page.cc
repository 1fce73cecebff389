#include "drill/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "drill/page_style.h"

namespace lifeboat::drill {
namespace {

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
      default:
        safe += c;
    }
  }
  return safe;
}

// A text member however deep, or nothing: a page is written even of odd evidence.
std::string text(const Json& json, std::initializer_list<const char*> path) {
  const Json* at = &json;
  for (const char* key : path) {
    if (!at->is_object() || !at->contains(key)) return "";
    at = &(*at)[key];
  }
  return at->is_string() ? escape(at->get<std::string>()) : escape(canonical_json(*at));
}

// To the second: more is for the evidence. What is no time is shown as it is.
std::string moment(const Json& json, std::initializer_list<const char*> path) {
  const auto written = text(json, path);
  const auto time = parse_rfc3339(written);
  return time ? to_the_second(*time) : written;
}

std::int64_t number(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) && json[key].is_number_integer()
             ? json[key].get<std::int64_t>()
             : 0;
}

std::string seconds(const Json& json, const char* key) {
  if (!json.is_object() || !json.contains(key)) return "–";
  return describe_duration(std::chrono::milliseconds(number(json, key)));
}

Json list_of(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) && json[key].is_array() ? json[key] : Json::array();
}

std::string headline(const Json& evidence) {
  const auto verdict = text(evidence, {"verdict"});
  const std::string meaning = verdict == "proven"   ? "This backup can be recovered"
                              : verdict == "failed" ? "This backup cannot be relied on"
                                                    : "Not decided: this is not a pass";
  return fmt::format(
      "<header class=\"{0}\"><p class=\"verdict\">{0}</p><h1>{1}</h1><p>{2}</p></header>", verdict,
      meaning, text(evidence, {"reason"}));
}

std::string fact(std::string_view name, const std::string& value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, value.empty() ? "–" : value);
}

std::string objective(const Json& measures, const char* key) {
  if (!measures.is_object() || !measures.contains(key)) return "–";
  const Json& value = measures[key];
  auto shown = seconds(value, "measured_ms");
  if (value.contains("objective_ms"))
    shown += fmt::format(" of {} <b class=\"{}\">{}</b>", seconds(value, "objective_ms"),
                         text(value, {"judgement"}), text(value, {"judgement"}));
  return shown;
}

std::string summary(const Json& evidence) {
  const Json measures = evidence.value("measures", Json::object());
  const Json snapshot = evidence.value("snapshot", Json::object());
  std::string html = "<dl>";
  html += fact("Service", text(evidence, {"service"}) + " / " + text(evidence, {"drill"}));
  html += fact("Owner", text(evidence, {"owner"}));
  html += fact("Drilled", moment(evidence, {"started"}));
  html +=
      fact("Snapshot", text(snapshot, {"id"}).substr(0, 10) + " of " + moment(snapshot, {"time"}));
  html += fact("Recovery time so far (RTO)", objective(measures, "rto"));
  html += fact("Data loss window (RPO)", objective(measures, "rpo"));
  html += fact("Restored",
               describe_size(static_cast<std::uint64_t>(number(measures, "bytes_restored"))) +
                   " in " + text(measures, {"entries_restored"}) + " entries");
  html += fact("Repository", text(evidence, {"repository", "medium"}));
  return html + "</dl>";
}

// Bars in sequence: a person sees at once where the time went.
std::string waterfall(const Json& evidence) {
  const Json stages = list_of(evidence, "stages");
  std::int64_t total = 1;
  for (const auto& stage : stages) total += number(stage, "milliseconds");
  std::string html = "<h2>Stages</h2><table class=\"stages\"><tbody>";
  double start = 0;
  for (const auto& stage : stages) {
    const double width =
        100.0 * static_cast<double>(number(stage, "milliseconds")) / static_cast<double>(total);
    html += fmt::format(
        "<tr class=\"{}\"><th>{}</th><td class=\"time\">{}</td><td class=\"bar\"><span "
        "style=\"margin-left:{:.2f}%;width:max(2px,{:.2f}%)\"></span>{}</td></tr>",
        text(stage, {"outcome"}), text(stage, {"name"}), seconds(stage, "milliseconds"), start,
        width, text(stage, {"error"}));
    start += width;
  }
  return html + "</tbody></table>";
}

std::string details_of(const Json& check) {
  const Json details = list_of(check, "details");
  if (details.empty()) return "";
  std::string html = "<details><summary>Details</summary><ul>";
  for (const auto& each : details)
    html += "<li>" + (each.is_string() ? escape(each.get<std::string>()) : "") + "</li>";
  return html + "</ul></details>";
}

std::string checks(const Json& evidence) {
  std::string html = "<h2>Checks</h2><ul class=\"checks\">";
  for (const auto& check : list_of(evidence, "checks"))
    html += fmt::format(
        "<li class=\"{0}\"><b class=\"{0}\">{0}</b> <code>{1}</code><p>{2}</p>"
        "<p class=\"proves\">Proves: {3}</p>{4}</li>",
        text(check, {"outcome"}), text(check, {"id"}), text(check, {"message"}),
        text(check, {"proves"}), details_of(check));
  return html + "</ul>";
}

std::string findings(const Json& evidence) {
  const Json list = list_of(evidence, "findings");
  if (list.empty()) return "<h2>Findings</h2><p>None.</p>";
  std::string html = "<h2>Findings</h2><ul>";
  for (const auto& each : list)
    html += fmt::format("<li><b>{}</b> {}: {}</li>", text(each, {"code"}), text(each, {"subject"}),
                        text(each, {"message"}));
  return html + "</ul>";
}

std::string next_step(const Json& evidence) {
  if (!evidence.contains("error")) return "";
  return fmt::format("<h2>What stopped it</h2><p>{}</p><p><b>Next:</b> {}</p>",
                     text(evidence, {"error", "message"}), text(evidence, {"error", "hint"}));
}

std::string tear_down(const Json& evidence) {
  const Json proof = evidence.value("tear_down", Json::object());
  if (proof.empty()) return "<h2>Tear-down</h2><p>Nothing had been made.</p>";
  std::string html =
      fmt::format("<h2>Tear-down</h2><p>Run token <code>{}</code>. ", text(proof, {"token"}));
  for (const auto& each : list_of(proof, "removed"))
    html += "Verified gone: <code>" + escape(canonical_json(each)) + "</code> ";
  for (const auto& each : list_of(proof, "remaining"))
    html +=
        "<b class=\"failed\">still there:</b> <code>" + escape(canonical_json(each)) + "</code> ";
  return html + "</p>";
}

std::string footer(const Json& sealed, const Json& evidence) {
  return fmt::format(
      "<footer><p>Drill {} on {}, Lifeboat {}. Signed (Ed25519) under the repository key "
      "<code>{}</code>. Check the JSON beside this page with "
      "<code>lifeboat drill verify-evidence FILE --root PUBLIC_KEY</code>.</p></footer>",
      text(evidence, {"id"}), text(evidence, {"environment", "host"}), text(evidence, {"version"}),
      text(sealed, {"signature", "root_public"}));
}

}  // namespace

std::string render_page(const Json& sealed) {
  const Json evidence = sealed.value("evidence", Json::object());
  return fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<link rel=\"icon\" href=\"data:,\"><title>Drill {0}: {1}</title><style>{2}</style></head>"
      "<body><main>{3}{4}{5}{6}{7}{8}{9}{10}</main></body></html>\n",
      text(evidence, {"service"}), text(evidence, {"verdict"}), kPageStyle, headline(evidence),
      summary(evidence), next_step(evidence), waterfall(evidence), checks(evidence),
      findings(evidence), tear_down(evidence), footer(sealed, evidence));
}

}  // namespace lifeboat::drill
