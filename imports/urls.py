"""The addresses of Import Data, below /import-data/."""

from django.urls import path

from . import (
    correcting_pages,
    double_pages,
    monitoring,
    remembered_pages,
    repair_pages,
    result_pages,
    row_pages,
    undo_pages,
    wizard,
)

app_name = "imports"

urlpatterns = [
    path("", monitoring.import_list, name="list"),
    path("manual/", monitoring.manual, name="manual"),
    path("samples/<slug:slug>.<str:format>", monitoring.sample_file, name="sample"),
    path("mappings/", remembered_pages.mappings, name="mappings"),
    path("mappings/<int:pk>/", remembered_pages.change, name="change-mapping"),
    path("mappings/<int:pk>/delete/", remembered_pages.delete, name="delete-mapping"),
    path("new/", wizard.create, name="create"),
    path("<int:pk>/upload/", wizard.upload, name="upload"),
    path("<int:pk>/mapping/", wizard.mapping, name="mapping"),
    path("<int:pk>/preview/", wizard.preview, name="preview"),
    path("<int:pk>/preview/check/", wizard.preview_check, name="preview-check"),
    path("<int:pk>/correct/", correcting_pages.correct, name="correct"),
    path("<int:pk>/correct/rows/", correcting_pages.correct_rows, name="correct-rows"),
    path("<int:pk>/correct/take-back/", correcting_pages.take_back, name="take-back"),
    path("<int:pk>/doubles/", double_pages.doubles, name="doubles"),
    path("<int:pk>/start/", wizard.start, name="start"),
    path("<int:pk>/delete-draft/", wizard.delete_draft, name="delete-draft"),
    path("<int:pk>/", monitoring.import_detail, name="detail"),
    path("<int:pk>/progress/", monitoring.progress, name="progress"),
    path("<int:pk>/cancel/", monitoring.cancel, name="cancel"),
    path("<int:pk>/continue/", monitoring.resume, name="continue"),
    path("<int:pk>/leave-out/", monitoring.leave_out, name="leave-out"),
    path("<int:pk>/repair/", repair_pages.begin, name="repair"),
    path("<int:pk>/upload-corrected/", repair_pages.upload_corrected, name="upload-corrected"),
    path("<int:pk>/rows-left/", repair_pages.rows_left, name="rows-left"),
    path("<int:pk>/choose-rows/", repair_pages.choose_rows, name="choose-rows"),
    path("<int:pk>/start-over/", undo_pages.start_over, name="start-over"),
    path("<int:pk>/undo/", undo_pages.preview, name="undo"),
    path("<int:pk>/undo/check/", undo_pages.preview_check, name="undo-check"),
    path("<int:pk>/undo/again/", undo_pages.look_again, name="undo-again"),
    path("<int:pk>/undo/start/", undo_pages.start, name="undo-start"),
    path("<int:pk>/undo/continue/", undo_pages.go_on, name="undo-continue"),
    path("<int:pk>/undo/kept/", undo_pages.kept, name="undo-kept"),
    path("<int:pk>/rows/", row_pages.find_row, name="find-row"),
    path("<int:pk>/rows/<int:number>/", row_pages.row, name="row"),
    path("<int:pk>/results/", result_pages.download, name="results"),
    path("<int:pk>/results/prepare/", result_pages.prepare, name="prepare-results"),
    path("<int:pk>/results/progress/", result_pages.progress, name="results-progress"),
    path("<int:pk>/failed-rows/", monitoring.failed_rows, name="failed-rows"),
]
