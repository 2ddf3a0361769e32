/** From a network that lets nothing out but HTTPS: the relay is reached inside TLS, at the port of the pages. */
import { authorityObstacle } from "../harness/authority";
import { connect } from "../harness/calls";
import { laboratoryObstacle, test } from "../harness/nat/laboratory";
import { expect } from "../harness/test";

const obstacle = laboratoryObstacle() ?? authorityObstacle();

test.skip(obstacle !== null, `NOT CHECKED: ${obstacle ?? ""}`);

test.use({ https: true });

test("where only the port of HTTPS is open a call is heard, through the relay over TLS", async ({
  laboratory,
}) => {
  const { ada, ben, server } = laboratory;
  const office = ada.network("udp-blocked");
  office.letOutOnly(Number(new URL(server.url).port));
  await ada.settleIn(office);
  await connect(ada.caller, ben.caller);
  await expect(ada.caller.route(ben.caller, "Relayed")).toBeVisible();
  await expect(ben.caller.route(ada.caller, "Relayed")).toBeVisible();
  expect(await ada.caller.ear.wayToRelay()).toBe("tls");
  await ada.caller.end(ben.caller);
});
