#include "drill/render/markdown.h"

#include <fmt/format.h>

#include "drill/render/checklist.h"

namespace lifeboat::drill {
namespace {

std::string escaped_markdown(std::string_view text) {
  constexpr std::string_view kMarkup = "\\`*_[]#|~!";
  std::string safe;
  for (const char c : text) {
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      safe += ' ';
    } else {
      if (kMarkup.find(c) != std::string_view::npos) safe += '\\';
      safe += c;
    }
  }
  return safe;
}

std::string cell(const Json& json, std::initializer_list<const char*> path) {
  return escaped_markdown(text_in(json, path));
}

// A command to be copied: within backticks, so it can hold none.
std::string code(std::string text) {
  for (char& c : text)
    if (c == '`' || static_cast<unsigned char>(c) < 0x20) c = ' ';
  return "`" + text + "`";
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string mark(const std::string& outcome) {
  if (outcome == "passed") return "[x]";
  return "[ ]";
}

std::string word(const std::string& outcome) { return outcome == "not_run" ? "not run" : outcome; }

std::string heading(const Json& evidence) {
  const auto headline = headline_of(evidence);
  return fmt::format("# {}: drill {} of {}\n\n**{}.** {}\n\n",
                     escaped_markdown(upper(headline.verdict)), cell(evidence, {"drill"}),
                     cell(evidence, {"service"}), headline.meaning, cell(evidence, {"reason"}));
}

std::string diagnosis(const Json& evidence) {
  const auto& list = list_in(evidence, "diagnosis");
  if (list.empty()) return "";
  std::string text = "## What is wrong, and what to do\n\n";
  for (const auto& each : list)
    text += fmt::format("- **{}** ({})\n  {}\n  Next, for the {}: {}\n", cell(each, {"cause"}),
                        cell(each, {"subject"}), cell(each, {"grounds"}), cell(each, {"owner"}),
                        code(text_in(each, {"next"})));
  return text + "\n";
}

std::string facts(const Json& evidence) {
  std::string table = "| | |\n|---|---|\n";
  const auto row = [&](std::string_view name, const std::string& value) {
    table += fmt::format("| {} | {} |\n", name, value);
  };
  for (const auto& subject : subjects_in(evidence))
    row("Drilled backup", escaped_markdown(subject));
  row("Recovery time", escaped_markdown(objective_in(evidence, "rto")));
  if (const auto projected = projection_in(evidence); !projected.empty())
    row("Recovery time with tier full", escaped_markdown(projected));
  row("Data loss window", escaped_markdown(objective_in(evidence, "rpo")));
  row("Lost writes", escaped_markdown(lost_writes_in(evidence)));
  for (const auto& each : forecast_in(evidence)) row(each.what, escaped_markdown(each.text));
  row("Drilled", escaped_markdown(moment_in(evidence, {"started"})) + " on " +
                     escaped_markdown(place_in(evidence)));
  if (evidence.contains("combined_with")) row("Together with", cell(evidence, {"combined_with"}));
  row("Owner", cell(evidence, {"owner"}));
  row("Repository", cell(evidence, {"repository", "medium"}));
  return table + "\n";
}

std::string checklist_lines(const Json& evidence) {
  std::string text = "## Checklist\n\n";
  for (const auto& item : checklist_of(evidence))
    text +=
        fmt::format("- {} {}: {} – **{}** {}\n", mark(item.outcome), escaped_markdown(item.step),
                    escaped_markdown(item.text), word(item.outcome), escaped_markdown(item.note));
  return text + "\n";
}

std::string checks_table(const Json& evidence) {
  std::string text = "## Checks\n\n| check | result | what was found |\n|---|---|---|\n";
  for (const auto& check : list_in(evidence, "checks"))
    text += fmt::format("| {} | {} | {} {} |\n", cell(check, {"id"}),
                        escaped_markdown(word(text_in(check, {"outcome"}))),
                        cell(check, {"message"}), cell(check, {"waived"}));
  return text + "\n";
}

std::string stages(const Json& evidence) {
  std::string text = "## Stages\n\n| stage | time | |\n|---|---|---|\n";
  for (const auto& stage : list_in(evidence, "stages"))
    text +=
        fmt::format("| {} | {} | {} |\n", cell(stage, {"name"}), elapsed_in(stage, "milliseconds"),
                    escaped_markdown(word(text_in(stage, {"outcome"}))));
  return text + "\n";
}

std::string runbook_table(const Json& evidence) {
  const auto& list = list_in(evidence, "runbook");
  if (list.empty()) return "";
  std::string text = "## Runbook\n\n| step | result | took | allowed |\n|---|---|---|---|\n";
  for (const auto& line : list)
    text += fmt::format("| {} ({}) | {} | {} | {} |\n", cell(line, {"step"}), cell(line, {"of"}),
                        escaped_markdown(runbook_word(line)), elapsed_in(line, "milliseconds"),
                        elapsed_in(line, "allowed_ms"));
  return text + "\n";
}

std::string findings_lines(const Json& evidence) {
  const auto& list = list_in(evidence, "findings");
  if (list.empty()) return "";
  std::string text = "## Findings\n\n";
  for (const auto& each : list)
    text += fmt::format("- **{}** {}: {}\n", cell(each, {"code"}), cell(each, {"subject"}),
                        cell(each, {"message"}));
  return text + "\n";
}

std::string open_items_lines(const Json& evidence) {
  const auto& list = list_in(evidence, "open");
  if (list.empty()) return "";
  std::string text = "## Open, until somebody closes it\n\n";
  for (const auto& each : list)
    text += fmt::format("- `{}` {} (since {}, due {}, for the {})\n", cell(each, {"id"}),
                        cell(each, {"cause"}), cell(each, {"since"}), cell(each, {"due"}),
                        cell(each, {"owner"}));
  return text + "\n";
}

std::string people_lines(const Json& sign_offs) {
  if (sign_offs.is_null())
    return "## Signed off by\n\nNot known: the repository did not answer.\n\n";
  if (sign_offs.empty()) return "";
  std::string text = "## Signed off by\n\n";
  for (const auto& each : sign_offs)
    text += fmt::format(
        "- {}{} ({}), {}, as {}: {}\n", text_in(each, {"revoked"}) == "true" ? "**revoked** " : "",
        cell(each, {"name"}), cell(each, {"role"}), escaped_markdown(moment_in(each, {"time"})),
        cell(each, {"verdict"}), cell(each, {"comment"}));
  return text + "\n";
}

std::string provenance(const SignedRecord& record) {
  return fmt::format(
      "Record {}, number {} of its chain, signed by {} with the key {}. "
      "`lifeboat drill verify-evidence FILE --key KEY` checks it.\n",
      code(record.digest), text_in(record.evidence, {"chain", "position"}),
      escaped_markdown(record.signer), code(record.signer_key));
}

}  // namespace

std::string render_markdown(const Dossier& dossier) {
  const Json& evidence = dossier.record.evidence;
  return heading(evidence) + diagnosis(evidence) + facts(evidence) + checklist_lines(evidence) +
         checks_table(evidence) + stages(evidence) + runbook_table(evidence) +
         findings_lines(evidence) + open_items_lines(evidence) + people_lines(dossier.sign_offs) +
         provenance(dossier.record);
}

}  // namespace lifeboat::drill
