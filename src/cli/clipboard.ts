/**
 * Puts text on the clipboard by OSC 52, which most terminals understand, also over ssh. There is no answer, so `true` says that
 * it was sent. Terminals limit its size.
 */
export async function copyToClipboard(text: string): Promise<boolean> {
  const encoded = Buffer.from(text).toString('base64');
  if (!process.stdout.isTTY || encoded.length > 74_994) return false;
  const sequence = `\u001b]52;c;${encoded}\u0007`;
  // Inside tmux the sequence has to be handed through.
  process.stdout.write(process.env.TMUX ? `\u001bPtmux;\u001b${sequence}\u001b\\` : sequence);
  return true;
}
