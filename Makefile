# The only commands anyone needs. Each one sets up what it lacks; a second run does only what changed.
.PHONY: serve test lab refresh bench clean setup

PY := .venv/bin/python

serve: setup        ## build the book and serve it on this machine
	@$(PY) tools/build.py
	@$(PY) tools/serve.py

test: setup         ## everything that CI runs
	@$(PY) tools/check.py

lab: setup          ## the notebooks in JupyterLab
	@$(PY) tools/build.py wasm front_end
	@$(PY) tools/lab.py

refresh: setup      ## run the notebooks and store their text outputs
	@$(PY) tools/build.py wasm front_end
	@$(PY) tools/refresh_notebooks.py

bench: setup        ## how fast: convlib beside its yardsticks
	@$(PY) tools/build.py
	@for script in benchmarks/*.py; do $(PY) "$$script" || exit 1; done

clean:              ## remove what was built; the environment stays
	@rm -rf _build front_end/built convlib/explorers/built convlib/webassembly/convlib.wasm .pytest_cache .ruff_cache .hypothesis
	@find convlib tests tools book -name __pycache__ -prune -exec rm -rf {} +

setup:
	@sh tools/setup.sh
