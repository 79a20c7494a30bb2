/* Questions and their answers. */
#include "question.h"

#include "say.h"
#include "texts.h"

void question_decide(const char *question, int preset)
{
    terminal_forget_typed();
    say_ask("%s%s", question, preset ? " [Y/n]" : " [y/N]");
}

int question_answer(const char *line, int preset)
{
    int answer = !line ? 0 : *line ? terminal_yes_no(line) : preset;

    if (answer < 0) {
        terminal_forget_typed();
        say_must(STYLE_PLAIN, "%s", _("Please answer y or n."));
    }
    return answer;
}

static int wait_line(char *line, size_t capacity)
{
    size_t length = 0;
    enum terminal_input input = terminal_wait_line(line, capacity, &length);

    say_answered();
    if (input == TERMINAL_LINE)
        return 1;
    say_must(STYLE_PLAIN, "%s", "");
    return input == TERMINAL_INTERRUPTED ? -1 : 0;
}

int question_line(const char *question, char *line, size_t capacity)
{
    say_ask("%s", question);
    return wait_line(line, capacity);
}

int question_yes_no(const char *question, int preset)
{
    char line[TERMINAL_LINE_BYTES];
    int result;

    do {
        question_decide(question, preset);
        result = wait_line(line, sizeof(line));
        if (result <= 0)
            return result;
        result = question_answer(line, preset);
    } while (result < 0);
    return result;
}
