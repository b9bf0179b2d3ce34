from __future__ import annotations
import os, subprocess, sys
from pathlib import Path
import pytest
from cli.conftest import Shell, publish, trusting
from support.repositories import GitServer, Repository
from support.server import IndexServer
from support.sdists import ProjectSpec, project_files
from support.wheels import make_wheel, sha256, wheel_filename
from support.environments import make_environment, interpreter

UV="/work/main/.cache/integration-servers/bin/uv"
def say(what, ended): print(f"\n=== {what}: {ended.code}\n{ended.out}{ended.err}")
def other(python, folder, *cmd, **env):
    r=subprocess.run(cmd,cwd=folder,capture_output=True,text=True,env={**os.environ,"PIP_CONFIG_FILE":"/dev/null",**env}); print("\n===",cmd[:4],r.returncode,r.stdout[-600:],r.stderr[-900:]); return r

def test_vcs(shell, tmp_path):
    with GitServer(tmp_path/"repositories") as server, IndexServer() as index:
        demo=Repository.make(server.folder/"acme"/"demo.git"); commit=demo.commit(project_files(ProjectSpec(name="demo",version="1.0")))
        shell.write("policy.toml", server.allowing(""))
        words=("--policy","policy.toml","--cert",server.ca_path,"--no-index")
        req=server.requirement("acme/demo.git",commit)
        say("lock",shell.safepip("lock",req,*words)); print((shell.folder/"pylock.toml").read_text())
        say("check",shell.safepip("lock",req,*words,"--check"))
        say("req",shell.safepip("lock",req,*words,"--format","requirements"))
        say("stdout",shell.safepip("lock",req,*words,"-o","-"))
        other(None,shell.folder,sys.executable,"-m","pip","--python",str(shell.python),"install","--dry-run","-r","pylock.toml","--no-index",GIT_SSL_CAINFO=server.ca_path)
        other(None,shell.folder,UV,"pip","install","--dry-run","--python",str(shell.python),"-r","pylock.toml","--no-index",GIT_SSL_CAINFO=server.ca_path)

def test_own(shell, index, tmp_path):
    shell.write("own/pyproject.toml",'[build-system]\nrequires=[]\nbuild-backend="b"\nbackend-path=["."]\n[project]\nname="own"\nversion="1"\ndependencies=["lib"]\n')
    from support import sdists
    shell.folder.joinpath("own").mkdir(exist_ok=True)
    for name,text in project_files(ProjectSpec(name="own",version="1.0",requires=["lib"])).items(): shell.write(f"own/{name}",text)
    say("lock",shell.safepip("lock",*trusting(index),"./own")); print((shell.folder/"pylock.toml").read_text())
    say("check",shell.safepip("lock",*trusting(index),"./own","--check"))
    cwd=tmp_path/"cwd"; cwd.mkdir(); home=shell.folder
    shell.folder=cwd
    say("install elsewhere",shell.safepip("install",*trusting(index),"-r",str(home/"pylock.toml"))); print(shell.installed())
    other(None,cwd,sys.executable,"-m","pip","--python",str(shell.python),"install","--dry-run","-r",str(home/"pylock.toml"),"--cert",index.ca_path)
    other(None,cwd,UV,"pip","install","--dry-run","--python",str(shell.python),"-r",str(home/"pylock.toml"),SSL_CERT_FILE=index.ca_path)
    shell.folder=home
    say("lock -e . in it",shell.safepip("lock",*trusting(index),"-e","./own","-o",str(home/"own"/"pylock.toml"))); print((home/"own/pylock.toml").read_text())
    shell.folder=cwd
    say("install elsewhere",shell.safepip("install",*trusting(index),"--force-reinstall","-r",str(home/"own/pylock.toml"))); print(shell.installed())

def test_outputs(shell, index, tmp_path):
    (shell.folder/"pylock.toml").symlink_to(tmp_path/"nowhere.sh")
    say("dangling",shell.safepip("lock",*trusting(index),"lib")); print((tmp_path/"nowhere.sh").exists())
    (shell.folder/"pylock.toml").unlink()
    (shell.folder/"pylock.toml").symlink_to("pylock.toml")
    say("loop",shell.safepip("lock",*trusting(index),"lib"))
    (shell.folder/"pylock.toml").unlink()
    (shell.folder/"pylock.toml").mkdir()
    say("folder",shell.safepip("lock",*trusting(index),"lib"))
    say("devstdout",shell.safepip("lock",*trusting(index),"lib","-o","/dev/stdout"))
    say("devfull",shell.safepip("lock",*trusting(index),"lib","-o","/dev/full"))
    say("missing",shell.safepip("lock",*trusting(index),"lib","-o","no/such/pylock.toml"))
    say("big",shell.safepip("lock",*trusting(index),"lib","-o","/dev/zero"))
    with open(shell.folder/"pylock.big.toml","wb") as f: f.truncate(3<<30)
    say("huge",shell.safepip("lock",*trusting(index),"lib","-o","pylock.big.toml"))
