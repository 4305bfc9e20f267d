/** Exit codes of TAKE. */
export const CANNOT_REACH = 64;
export const DAMAGED = 65;
export const NO_ROOM = 66;

/*
 * Beside a file lies .NAME.verified: its checksum, size, time and inode at the moment when it was found right. As long as those
 * are the same it is not read again, which takes seconds on an emulated processor.
 */
const NAMES = `
folder=$(dirname -- "$FILE") name=$(basename -- "$FILE")
record=$folder/.$name.verified part=$folder/.$name.\${SHA256:0:12}.part
verified() { stat -c "$SHA256 %s %.9Y %i" -- "$FILE"; }
`;

/** Prints \`same\` when FILE is what SHA256 says, else how many of its bytes are there from an earlier try. */
export const LOOK = `${NAMES}
if [ -f "$FILE" ] && [ "$(stat -c %s -- "$FILE")" = "$BYTES" ]; then
  if [ "$(cat -- "$record" 2> /dev/null || true)" = "$(verified)" ]; then echo same; return; fi
  if [ "$(sha256sum < "$FILE")" = "$SHA256  -" ]; then verified > "$record"; echo same; return; fi
fi
stat -c %s -- "$part" 2> /dev/null || echo 0
`;

/** Takes the content from URL, or from the file SENT, under another name; checks it; gives it its name. */
export const TAKE = `${NAMES}
mkdir -p -- "$folder"
for other in "$folder/.$name".*.part; do [ "$other" = "$part" ] || rm -f -- "$other"; done
have=0
if [ -f "$part" ]; then have=$(stat -c %s -- "$part"); fi
if [ "$have" -gt "$BYTES" ]; then rm -f -- "$part"; have=0; fi
free=$(df -P -B1 -- "$folder" | awk 'NR == 2 { print $4 }')
if [ -z "\${SENT:-}" ] && [ "$((BYTES - have))" -ge "$free" ]; then echo "$free" >&2; exit ${NO_ROOM}; fi
if [ -n "\${SENT:-}" ]; then
  mv -f -- "$SENT" "$part"
  chown "$(id -u):$(id -g)" -- "$part"
elif [ "$have" -lt "$BYTES" ]; then
  code=0
  curl -sSf --noproxy '*' --connect-timeout 10 --speed-time 60 -C - -o "$part" "$URL" || code=$?
  case $code in 0) ;; 6 | 7 | 28 | 127) exit ${CANNOT_REACH} ;; 23) df -h -- "$folder" >&2; exit ${NO_ROOM} ;; *) exit "$code" ;; esac
fi
if [ "$(sha256sum < "$part")" != "$SHA256  -" ]; then rm -f -- "$part"; exit ${DAMAGED}; fi
chmod 644 -- "$part"
mv -f -- "$part" "$FILE"
verified > "$record"
`;
