/**
 * A certificate authority for one run of stories, and a home for browsers that trust it.
 *
 * A switch that lets a page past a wrong certificate says nothing of other connections: what a browser opens by TLS of
 * its own accord, as to a relay, is checked against its own store.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why there can be none here; nothing where there can. */
export function authorityObstacle(): string | null {
  try {
    for (const command of ["openssl", "certutil"]) {
      execFileSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" });
    }
    return null;
  } catch {
    return "a certificate authority needs openssl and certutil (Debian: apt-get install openssl libnss3-tools)";
  }
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
const DAYS = ["-days", "30"];

export class Authority {
  /** The home directory of browsers that trust it. */
  readonly home: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "ahoy-e2e-authority-"));

  constructor() {
    this.home = join(this.#folder, "home");
    const store = join(this.home, ".pki", "nssdb");
    mkdirSync(store, { recursive: true });
    const usage = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"];
    this.#openssl(
      ...["req", "-x509", ...KEY, ...DAYS, "-subj", "/CN=Ahoy stories"],
      ...["-keyout", "ca.key", "-out", "ca.pem"],
      ...usage.flatMap((line) => ["-addext", line]),
    );
    this.#run("certutil", "-d", `sql:${store}`, "-N", "--empty-password");
    this.#run("certutil", "-d", `sql:${store}`, "-A", "-t", "C,,", "-n", "ahoy", "-i", "ca.pem");
  }

  /** The files of a certificate for a server of that name, and of its key. */
  certify(name: string): { cert: string; key: string } {
    const file = (ending: string): string => join(this.#folder, `${name}.${ending}`);
    writeFileSync(
      file("ext"),
      `subjectAltName=DNS:${name}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`,
    );
    const [cert, key, request] = [file("pem"), file("key"), file("csr")];
    this.#openssl("req", ...KEY, "-subj", `/CN=${name}`, "-keyout", key, "-out", request);
    this.#openssl(
      ...["x509", "-req", "-in", request, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
      ...[...DAYS, "-extfile", file("ext"), "-out", cert],
    );
    return { cert, key };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #openssl(...parameters: string[]): void {
    this.#run("openssl", ...parameters);
  }

  #run(command: string, ...parameters: string[]): void {
    execFileSync(command, parameters, { cwd: this.#folder, stdio: "pipe" });
  }
}
