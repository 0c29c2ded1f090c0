// SPDX-License-Identifier: Apache-2.0
#include "report/html.h"

#include <fmt/format.h>

#include "report/html_sections.h"
#include "report/html_style.h"
#include "report/html_text.h"

namespace gatewright::report {
namespace {

struct Section {
    std::string_view id;
    std::string_view title;
    std::string (*body)(const Json& report);
};

// The page from top to bottom. A section whose body is empty is left out.
constexpr Section kSections[] = {
    {"layers", "Layers", layers_section},
    {"stages", "Stages", stages_section},
    {"pipeline", "Pipeline", pipeline_section},
    {"critical-path", "Critical path", critical_path_section},
    {"trade-off", "Trade-off", tradeoff_section},
    {"passes", "What the passes saved", passes_section},
    {"resources", "Resources", resources_section},
    {"numbers", "Numbers against their formats", distributions_section},
    {"accuracy", "Accuracy", accuracy_section},
    {"evidence", "Evidence", evidence_section},
    {"repeat", "Repeat it", commands_section},
};

constexpr std::string_view kHead =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">";

}  // namespace

std::string to_html(const Json& report) {
    const std::string name = escaped(text(report, "name"));
    std::string page(kHead);
    page +=
        fmt::format("<title>{} · Gatewright report</title><style>{}</style></head>\n<body><main>\n",
                    name, style_sheet());
    std::string links;
    std::string bodies;
    for (const Section& section : kSections) {
        const std::string body = section.body(report);
        if (body.empty()) continue;
        links += fmt::format("<a href=\"#{}\">{}</a>", section.id, section.title);
        bodies +=
            fmt::format("<section aria-labelledby=\"{0}\"><h2 id=\"{0}\">{1}</h2>\n{2}</section>\n",
                        section.id, section.title, body);
    }
    page += header(report);
    if (!links.empty()) page += "<nav aria-label=\"Sections\">" + links + "</nav>\n";
    page += warnings(report);
    page += headline_cards(report);
    page += bodies;
    page += footer(report);
    page += "</main></body></html>\n";
    return page;
}

}  // namespace gatewright::report
