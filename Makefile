# wangge 网格: every target sets up what it needs by itself; a repeat is quiet and takes a moment.
# Results go to out/. The database lives outside this folder (see `wangge db status`); no target removes it.

SHELL := /bin/bash
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-hard bench screens serve lint clean clean-all environment browser
.NOTPARALLEL:
# A run of the tests starts Python a hundred times: what is compiled once is kept, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

help:  ## 列出这些命令 | list these commands
	@awk -F '  ## | [|] ' '/^[a-z-]+:.*  ## / { split($$1, name, ":"); printf "  make %-10s %s\n%18s%s\n", name[1], $$2, "", $$3 }' Makefile

setup: browser environment  ## 安装所需的一切,不运行 | install everything that is needed, run nothing

demo: environment  ## 从零演示:示例街道、网格划分、地图 | from nothing: a sample street, a plan for it, its map
	@$(BIN)/wangge demo

test: browser environment  ## 运行全部检查和测试 | run all checks and tests
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

test-hard: browser environment  ## 运行耗时的证明(并发、崩溃等),约一小时 | the long proofs: races, crashes; an hour or so
	@EXAMPLES=10 $(BIN)/pytest -n 0 -s tests/hard tests/browser/test_hostile_texts.py tests/api/test_access_matrix.py $(PYTEST)

bench: environment  ## 在真实数据和算例上测速,可加 MINUTES=每项分钟数 | measure; MINUTES=n bounds each benchmark
	@$(BIN)/python -m tests.benchmarks $(if $(MINUTES),--minutes $(MINUTES))

screens: browser environment  ## 所有页面的截图,存入 out/screens | pictures of every page, into out/screens
	@$(BIN)/python -m tests.browser.screens

serve: environment  ## 启动网页服务 | start the web service
	@$(BIN)/wangge serve

lint: environment  ## 检查代码格式、类型和模块方向 | check style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

clean:  ## 删除 out/ 和缓存,数据库不动 | remove out/ and caches, never the database
	@rm -rf out build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	@find api data geo maps tests -name node_modules -prune -o -name __pycache__ -type d -exec rm -rf {} +

clean-all: clean  ## 另删 .venv 和网页组件 | also remove .venv and the web pages' parts
	@rm -rf .venv maps/node_modules .setup/lock

environment:
	@.setup/system
	@.setup/python
	@.setup/assets
	@.setup/kernels

browser:
	@.setup/system --with-browser
