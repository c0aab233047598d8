"""Makes a picture of the terminal client from the real program.

    picture.py OUT.svg COMMAND KEYS…

Runs COMMAND in a tmux of its own (110×28), sends each of KEYS (`type:TEXT` types, `wait:SECONDS`
waits, anything else is a key as tmux names it), and draws what is on the screen then.
"""

import html
import os
import re
import subprocess
import sys
import time
import unicodedata

COLUMNS, ROWS = 110, 28
CELL_WIDTH, CELL_HEIGHT, MARGIN = 8.4, 18, 14
FOREGROUND, BACKGROUND = "#d6dae3", "#161a22"
PALETTE = ["#4b5263", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d6dae3"]
CODES = re.compile("\x1b\\[([0-9;]*)m")
FONT = "'JetBrains Mono','DejaVu Sans Mono','Noto Sans Mono CJK KR','Apple SD Gothic Neo',monospace"


def tmux(*arguments):
    return subprocess.run(
        ["tmux", "-L", f"picture-{os.getpid()}", "-f", "/dev/null", *arguments],
        check=True, capture_output=True, text=True,
    ).stdout


def screen(command, keys):
    start = f"COLORTERM=truecolor TERM=tmux-256color {command}"
    tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), start)
    try:
        time.sleep(1.5)
        for key in keys:
            kind, _, value = key.partition(":")
            if kind == "wait":
                time.sleep(float(value))
            elif kind == "type":
                for character in value:
                    tmux("send-keys", "-l", character)
                    time.sleep(0.04)
            else:
                tmux("send-keys", key)
            time.sleep(0.3)
        return tmux("capture-pane", "-p", "-e").split("\n")[:ROWS]
    finally:
        tmux("kill-server")


def columns_of(character):
    if unicodedata.combining(character) or character in "\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Style:
    def __init__(self):
        self.reset()

    def reset(self):
        self.foreground, self.background = None, None
        self.bold = self.dim = self.underlined = self.reversed = False

    def apply(self, codes):
        numbers = [int(code or 0) for code in codes.split(";")]
        while numbers:
            number = numbers.pop(0)
            if number in (38, 48):
                kind = numbers.pop(0)
                colour = "#%02x%02x%02x" % tuple(numbers[:3]) if kind == 2 else PALETTE[numbers[0] % 8]
                numbers = numbers[3 if kind == 2 else 1 :]
                if number == 38:
                    self.foreground = colour
                else:
                    self.background = colour
            elif number == 0:
                self.reset()
            elif number == 22:
                self.bold = self.dim = False
            elif number in (1, 2, 4, 7, 24, 27, 39, 49):
                names = {1: "bold", 2: "dim", 4: "underlined", 7: "reversed"}
                names |= {24: "underlined", 27: "reversed", 39: "foreground", 49: "background"}
                value = number < 10 if number < 30 else None
                setattr(self, names[number], value)
            elif 30 <= number <= 37:
                self.foreground = PALETTE[number - 30]
            elif 90 <= number <= 97:
                self.foreground = PALETTE[number - 90]
            elif 40 <= number <= 47:
                self.background = PALETTE[number - 40]

    def colours(self):
        pair = (self.foreground or FOREGROUND, self.background)
        return (BACKGROUND, self.foreground or FOREGROUND) if self.reversed else pair


def runs(line, style):
    """The column, text, width and style of each run; a wide character is a run of its own."""
    column = 0
    for index, part in enumerate(CODES.split(line)):
        if index % 2:
            style.apply(part)
            continue
        text, begin, was_wide = "", column, False
        for character in part:
            width = columns_of(character)
            if text and width and (width == 2 or was_wide):
                yield begin, text, column - begin, style
                text, begin = "", column
            was_wide = width == 2 or (was_wide and not width)
            text += character
            column += width
        if text:
            yield begin, text, column - begin, style


def draw(lines):
    width, height = COLUMNS * CELL_WIDTH + 2 * MARGIN, ROWS * CELL_HEIGHT + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'font-family="{FONT}" font-size="14" style="white-space:pre">',
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
    ]
    style = Style()
    for row, line in enumerate(lines):
        y = MARGIN + row * CELL_HEIGHT
        for column, text, columns, style in runs(line, style):
            x, span = MARGIN + column * CELL_WIDTH, columns * CELL_WIDTH
            foreground, background = style.colours()
            if background:
                parts.append(
                    f'<rect x="{x:.1f}" y="{y}" width="{span:.1f}" height="{CELL_HEIGHT}" '
                    f'fill="{background}"/>'
                )
            # Spaces are not left to whoever shows the picture.
            shown = text.lstrip(" ")
            x += (len(text) - len(shown)) * CELL_WIDTH
            span -= (len(text) - len(shown)) * CELL_WIDTH
            span -= (len(shown) - len(shown.rstrip(" "))) * CELL_WIDTH
            if shown.strip():
                looks = ' font-weight="bold"' if style.bold else ""
                looks += ' opacity="0.6"' if style.dim else ""
                looks += ' text-decoration="underline"' if style.underlined else ""
                parts.append(
                    f'<text x="{x:.1f}" y="{y + 13.5}" fill="{foreground}" textLength="{span:.1f}" '
                    f'lengthAdjust="spacingAndGlyphs"{looks}>{html.escape(shown.rstrip(" "))}</text>'
                )
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def main():
    out, command, *keys = sys.argv[1:]
    with open(out, "w", encoding="utf-8") as file:
        file.write(draw(screen(command, keys)))


main()
