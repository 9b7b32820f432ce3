/** The texts among pieces of content, with those of embedded resources, joined by line breaks. */
export const joinTexts = (content: readonly object[]): string =>
  content
    .map((piece) => {
      const { text, resource } = piece as { text?: string; resource?: { text?: string } };
      return text ?? resource?.text;
    })
    .filter((text) => text !== undefined)
    .join('\n');
