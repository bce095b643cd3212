"""All tables there are, for whoever looks them up by name: to import a file of tables is to add them."""

from geo.storage import access_tables, ledger_tables, tables, workbench_tables
from geo.storage.declaring import Base

#: Where tables are declared.
SOURCES = (tables, access_tables, ledger_tables, workbench_tables)
#: Tables by name (``METADATA.tables``), with the constraints and indexes of each.
METADATA = Base.metadata
