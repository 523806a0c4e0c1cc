from pathlib import Path

import cmg

with cmg.Context() as ctx, cmg.Gateway.from_file(ctx, "contoso.json") as gateway:
    gateway.set_authority(cmg.Authority(ctx, "Contoso CMG authority", directory="ca"))
    gateway.set_package(Path("cmg-service.tar.gz").read_bytes())  # what the machines install
    deploy = gateway.deploy(cmg.Operation.CREATE, journal="contoso.journal")
    deploy.on_state = lambda state, why: print(state.name, why or "")
    deploy.on_prompt = lambda p: print(f"Open {p.verification_uri} and enter {p.user_code}")
    deploy.run()
    print(gateway.endpoint)
