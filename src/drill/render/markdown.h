#pragma once
// The evidence as Markdown: for a ticket, a chat or a wiki. Pure.
#include <string>

#include "drill/render/view.h"

namespace lifeboat::drill {

// Names from the data can neither make markup nor end a table's cell.
std::string render_markdown(const Dossier& dossier);

}  // namespace lifeboat::drill
