/* Questions and their answers. */
#include "question.h"

#include "say.h"
#include "texts.h"

const char *question_hint(int preset)
{
    return preset ? " [Y/n]" : " [y/N]";
}

int question_line(const char *question, char *line, size_t capacity)
{
    size_t length = 0;
    enum terminal_input input;

    say_ask("%s", question);
    input = terminal_wait_line(line, capacity, &length);
    say_answered();
    if (input == TERMINAL_LINE)
        return 1;
    say_must(STYLE_PLAIN, "%s", "");
    return input == TERMINAL_INTERRUPTED ? -1 : 0;
}

int question_yes_no(const char *question, int preset)
{
    char line[TERMINAL_LINE_BYTES], text[512];

    snprintf(text, sizeof(text), "%s%s", question, question_hint(preset));
    for (;;) {
        int result = question_line(text, line, sizeof(line));

        if (result <= 0)
            return result;
        result = *line ? terminal_yes_no(line) : preset;
        if (result >= 0)
            return result;
        say_must(STYLE_PLAIN, "%s", _("Please answer y or n."));
    }
}
